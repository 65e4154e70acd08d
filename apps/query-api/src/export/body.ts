import { Readable } from 'node:stream'
import { type ExportSlot } from './export-slots.js'
import { type Format } from './formats.js'

export interface BodyOptions {
  readonly chunks: AsyncIterable<readonly object[]> | Iterable<readonly object[]>
  readonly format: Format
  readonly fields: readonly string[]
  readonly slot: ExportSlot
  /** How long the reader may take no byte. */
  readonly stalled_ms_max: number
}

/**
 * Chunks as text. One is made when the one before has been taken, so a slow reader makes the database wait, not the memory grow;
 * one that stalls, and anything that ends the slot before the last line, ends the body with an error. The slot ends with the body.
 */
export function exportBody({ chunks, format, fields, slot, stalled_ms_max }: BodyOptions): Readable {
  async function* texts(): AsyncGenerator<string> {
    let stalled: NodeJS.Timeout | undefined
    const wait = (): void => {
      stalled = setTimeout(() => slot.end('the reader takes nothing'), stalled_ms_max)
    }
    try {
      wait()
      yield format.head(fields)
      clearTimeout(stalled)
      for await (const items of chunks) {
        wait()
        yield items.map((item) => format.line(item, fields)).join('')
        clearTimeout(stalled)
      }
    } finally {
      clearTimeout(stalled)
    }
  }
  const body = Readable.from(texts(), { objectMode: false })
  body.once('close', () => slot.end())
  const cut = (): void => {
    if (!body.readableEnded) body.destroy(slot.signal.reason as Error)
  }
  if (slot.signal.aborted) cut()
  else slot.signal.addEventListener('abort', cut, { once: true })
  return body
}
