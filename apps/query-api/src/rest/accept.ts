interface Range {
  readonly type: string
  readonly quality: number
}

function rangesOf(header: string): readonly Range[] {
  return header.split(',').flatMap((part) => {
    const [type = '', ...parameters] = part.split(';').map((each) => each.trim().toLowerCase())
    if (!/^[^/\s]+\/[^/\s]+$/.test(type)) return []
    const quality = parameters.find((each) => each.startsWith('q='))?.slice(2) ?? '1'
    return [{ type, quality: /^[01](\.\d{0,3})?$/.test(quality) ? Math.min(Number(quality), 1) : 0 }]
  })
}

/** 3 for the type itself, 2 for `text/*`, 1 for `*` + `/*`, 0 for no match. */
function closeness(range: string, type: string): number {
  if (range === type) return 3
  if (range === '*/*') return 1
  return range.endsWith('/*') && type.startsWith(range.slice(0, -1)) ? 2 : 0
}

/**
 * Which of the offered media types `Accept` prefers (RFC 9110, 12.5.1): the best quality, then the one that is named most exactly,
 * then the one that is offered first. Undefined when it takes none of them.
 */
export function negotiate(header: string | undefined, offered: readonly string[]): string | undefined {
  const ranges = rangesOf(header ?? '')
  if (ranges.length === 0) return offered[0]
  const rated = offered.map((type) => {
    const matches = ranges.map((range) => ({ ...range, close: closeness(range.type, type) }))
    const best = matches.sort((a, b) => b.close - a.close)[0]
    return best && best.close > 0 ? { type, quality: best.quality, close: best.close } : { type, quality: 0, close: 0 }
  })
  const [first] = rated.sort((a, b) => b.quality - a.quality || b.close - a.close)
  return first && first.quality > 0 ? first.type : undefined
}
