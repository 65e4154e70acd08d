import { type ToldItems } from '../load/history.js'
import { type Applied } from './applied.js'
import { type ReadFindings } from './read-findings.js'

/** Items of a page when nobody asks for another number. */
export const PAGE = 50

/**
 * Holds what a watch of a book's transactions was told against the log. A snapshot and a reset are pages that show the state at their
 * position: after one, each later item comes once and in order, up to the next reset or the end. What a reset shows was not told twice.
 */
export function judgeItems(book: string, told: readonly ToldItems[], applied: Applied, findings: ReadFindings): void {
  let stretch = new Stretch(book, 0, findings)
  let before = -1n
  for (const each of told) {
    const { kind, position, ids } = each
    if (kind === 'change' ? position <= before : position < before)
      findings.add('out_of_order', `${book}: a ${kind} of position ${position} after ${before}`)
    before = position
    if (kind === 'change') for (const id of ids) stretch.add(id)
    else {
      stretch.end(stretch.next)
      judgePage(book, each, applied, findings)
      // What a page shows and its position does not have comes a second time, or not.
      stretch = new Stretch(book, Math.max(applied.at(position), (ids.at(-1) ?? -1) + 1), findings)
    }
  }
  stretch.end(applied.total)
}

function judgePage(book: string, { kind, position, ids }: ToldItems, applied: Applied, findings: ReadFindings): void {
  const count = applied.at(position)
  const first = Math.max(0, count - PAGE)
  const page = new Stretch(`${book}: ${kind} of position ${position}`, first, findings)
  for (const id of ids) page.add(id)
  page.end(count)
  if (page.next > count)
    findings.add('stale_answers', `${book}: a ${kind} shows more than its position ${position} has`)
}

/** Items from one that must come first to one that must come last, each once and in order. */
class Stretch {
  private readonly seen = new Set<number>()
  /** Beyond the highest item so far. */
  next: number

  constructor(
    private readonly name: string,
    private readonly first: number,
    private readonly findings: ReadFindings,
  ) {
    this.next = first
  }

  add(id: number): void {
    if (id < this.first || this.seen.has(id)) this.findings.add('doubled', `${this.name}: item ${id} came again`)
    else if (id < this.next) this.findings.add('out_of_order', `${this.name}: item ${id} after ${this.next - 1}`)
    this.seen.add(id)
    this.next = Math.max(this.next, id + 1)
  }

  /** @param end beyond the last item that must have come. */
  end(end: number): void {
    for (let id = this.first; id < end; id += 1)
      if (!this.seen.has(id)) this.findings.add('missed', `${this.name}: item ${id} never came`)
  }
}
