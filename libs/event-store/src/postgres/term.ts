import pg from 'pg'
import { Leadership } from '#leadership'
import { type Logger, reasonOf } from '#runtime'
import { faultPoint } from '../fault-point.js'
import { type EventBatch } from '../port.js'
import { Batch, type Candidate, streamsOf } from './batch.js'
import { commit, HEAD_SQL, HEADS_SQL, TAKEN_SQL } from './commit.js'
import { HeadCache, NO_STREAM } from './heads.js'

const STREAMS_CACHED = 100_000

export interface TermOptions {
  readonly url: string
  readonly name: string
  readonly epoch: bigint
  readonly logger: Logger
}

/**
 * What one batch came to. `later` goes into the next batch; `refused` conflicts with what is committed; `taken` has a
 * key or claim that somebody had before. Nothing of those three was written.
 */
export interface BatchOutcome {
  readonly committed: EventBatch | undefined
  readonly appended: readonly { readonly candidate: Candidate; readonly place: ReturnType<Batch['accept']> }[]
  readonly refused: readonly { readonly candidate: Candidate; readonly stream: string }[]
  readonly taken: readonly Candidate[]
  readonly later: readonly Candidate[]
}

/** One leadership term of the writer: one connection, the head, the ends of recent streams. Dies with its first error. */
export class Term {
  private readonly heads = new HeadCache(STREAMS_CACHED)

  private constructor(
    private readonly client: pg.Client,
    private readonly lease: { readonly name: string; readonly epoch: bigint },
    private head: bigint,
    private time_ms: number,
  ) {}

  static async open({ url, name, epoch, logger }: TermOptions): Promise<Term> {
    const client = new pg.Client({
      connectionString: url,
      application_name: Leadership.connectionName(name, epoch),
      connectionTimeoutMillis: 5_000,
      query_timeout: 30_000,
    })
    client.on('error', (error) => logger.warn({ reason: reasonOf(error) }, "the writer's connection broke"))
    await client.connect()
    const { rows } = await client.query<{ position: string; time: Date }>(HEAD_SQL)
    const [last] = rows
    return new Term(client, { name, epoch }, BigInt(last?.position ?? '0'), last?.time.getTime() ?? 0)
  }

  get epoch(): bigint {
    return this.lease.epoch
  }

  /** Position of the last committed event. */
  get position(): bigint {
    return this.head
  }

  /** @throws when the connection broke or another epoch leads: the outcome is then unknown and the term is over. */
  async write(candidates: readonly Candidate[]): Promise<BatchOutcome> {
    await this.loadHeads(candidates)
    const batch = new Batch(this.head, this.time_ms, (stream) => this.heads.get(stream) ?? NO_STREAM)
    const appended: { candidate: Candidate; place: ReturnType<Batch['accept']> }[] = []
    const refused: { candidate: Candidate; stream: string }[] = []
    const later: Candidate[] = []
    for (const candidate of candidates) {
      const place = batch.accept(candidate)
      if (place === 'busy') later.push(candidate)
      else if ('conflict' in place) {
        // Against this batch's own events a conflict is not final: the batch may still fail.
        if (place.busy) later.push(candidate)
        else refused.push({ candidate, stream: place.conflict })
      } else appended.push({ candidate, place })
    }
    if (appended.length === 0) return { committed: undefined, appended, refused, taken: [], later }
    faultPoint('before-commit')
    const result = await commit(this.client, this.lease, batch)
    faultPoint('after-commit')
    if (result === 'fenced') throw new Error(`epoch ${this.lease.epoch.toString()} leads no longer`)
    if (result === 'taken') return this.withoutTaken(candidates)
    for (const [stream, head] of batch.heads) this.heads.set(stream, head)
    const committed = { after: this.head, position: batch.head, events: batch.events }
    this.head = batch.head
    this.time_ms = batch.time_ms
    return { committed, appended, refused, taken: [], later }
  }

  async close(): Promise<void> {
    await this.client.end().catch(() => undefined)
  }

  /** Names known before are sorted out and the rest is written again, at most once more per call. */
  private async withoutTaken(candidates: readonly Candidate[]): Promise<BatchOutcome> {
    const hashes = candidates.flatMap(({ keyHash, claimHashes }) => [keyHash, ...claimHashes.map(({ hash }) => hash)])
    const { rows } = await this.client.query<{ hash: string }>(TAKEN_SQL, [hashes])
    const known = new Set(rows.map(({ hash }) => hash))
    const isTaken = ({ keyHash, claimHashes }: Candidate): boolean =>
      known.has(keyHash) || claimHashes.some(({ hash }) => known.has(hash))
    const taken = candidates.filter(isTaken)
    if (taken.length === 0) throw new Error('a key was refused that nobody holds')
    const outcome = await this.write(candidates.filter((each) => !isTaken(each)))
    return { ...outcome, taken: [...taken, ...outcome.taken] }
  }

  private async loadHeads(candidates: readonly Candidate[]): Promise<void> {
    const unknown = new Set<string>()
    for (const { request } of candidates)
      for (const stream of streamsOf(request)) if (!this.heads.get(stream)) unknown.add(stream)
    if (unknown.size === 0) return
    const { rows } = await this.client.query<{ stream: string; revision: string; id: string }>(HEADS_SQL, [
      [...unknown],
    ])
    for (const stream of unknown) this.heads.set(stream, NO_STREAM)
    for (const { stream, revision, id } of rows) this.heads.set(stream, { revision: BigInt(revision), lastId: id })
  }
}
