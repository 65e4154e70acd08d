import { type AppendRequest, StoreUnavailable } from '../port.js'
import { type Verdict } from '../log/batch.js'
import { type Waiter } from '../log/append-queue.js'
import { type PlannedAppend } from '../log/planned.js'

/** What a writer answers to each of the appends of one request: a kind and two numbers. */
const WORDS = 3
const ACCEPTED = 0
const TAKEN = 1
/** The number of the write, or behind them of the check, whose expectation fails. */
const CONFLICT = 2
const UNAVAILABLE = 3
const OVERLOADED = 4
/** Accepted, and others were refused there a moment ago. */
const CONTENDED = 5

/** Collects what becomes of appends that came together, and answers when it is known of all. */
export class VerdictCollector implements Waiter {
  private readonly words: Float64Array
  private open: number
  readonly all: Promise<Buffer>
  private done: (answer: Buffer) => void = () => undefined

  /** @param count of appends. They are not kept here: with those that wait for an answer, they would grow old in memory. */
  constructor(count: number) {
    this.words = new Float64Array(count * WORDS)
    this.open = count
    this.all = new Promise((resolve) => {
      this.done = resolve
    })
  }

  settle(index: number, verdict: Verdict, append: PlannedAppend): void {
    switch (verdict.kind) {
      case 'accepted':
        return this.put(index, verdict.isContended ? CONTENDED : ACCEPTED, verdict.revision, verdict.position)
      case 'taken':
        return this.put(index, TAKEN, verdict.claim, verdict.position)
      case 'conflict':
        return this.put(index, CONFLICT, expectationOf(append, verdict.stream), verdict.revision)
    }
  }

  fail(index: number, error: Error): void {
    this.put(index, error instanceof StoreUnavailable && error.overloaded ? OVERLOADED : UNAVAILABLE, 0, 0)
  }

  private put(index: number, kind: number, a: number, b: number): void {
    this.words[index * WORDS] = kind
    this.words[index * WORDS + 1] = a
    this.words[index * WORDS + 2] = b
    this.open -= 1
    if (this.open === 0) this.done(Buffer.from(this.words.buffer))
  }
}

const expectationOf = ({ writes, checks }: PlannedAppend, stream: string): number =>
  [...writes, ...checks].findIndex((each) => each.stream === stream)

/** The verdict on one of the appends that were sent together. @throws StoreUnavailable when it was not appended, or nobody knows. */
export function verdictAt(answer: Buffer, index: number, { writes, checks = [] }: AppendRequest): Verdict {
  const at = index * WORDS * 8
  const kind = answer.readDoubleLE(at)
  const a = answer.readDoubleLE(at + 8)
  const b = answer.readDoubleLE(at + 16)
  switch (kind) {
    case ACCEPTED:
    case CONTENDED:
      return { kind: 'accepted', revision: a, position: b, isContended: kind === CONTENDED }
    case TAKEN:
      return { kind: 'taken', claim: a, position: b }
    case CONFLICT: {
      const { stream = '' } = [...writes, ...checks][a] ?? {}
      return { kind: 'conflict', stream, revision: b }
    }
    case OVERLOADED:
      throw new StoreUnavailable("the event writer's queue is full", { overloaded: true })
    default:
      throw new StoreUnavailable('the event writer was interrupted')
  }
}
