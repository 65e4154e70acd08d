import pg from 'pg'
import { Leadership } from '#leadership'
import { type Logger, reasonOf } from '#runtime'
import { faultPoint } from '../fault-point.js'
import { Batch, type Verdict } from './batch.js'
import { type Candidate } from './candidate.js'
import { commit, HEAD_SQL, HEADS_SQL, holdSql, type Lease } from './commit.js'
import { HeadCache, NO_STREAM } from './heads.js'
import { streamHash } from './names/name-hash.js'
import { Names } from './names/names.js'
import { type Partition, partitionOf } from './partitions.js'
import { type CommittedBatch } from './rows.js'

const STREAMS_CACHED = 200_000
/** The next partition is made so many events before it is needed. */
const PARTITION_MARGIN = 100_000

export interface TermOptions {
  readonly url: string
  readonly name: string
  readonly epoch: bigint
  /** For reading what is not in memory. */
  readonly pool: pg.Pool
  readonly logger: Logger
  readonly names_per_run?: number | undefined
}

/** A batch that was sent: what it comes to when it is committed, if it is. */
export interface Sent {
  readonly verdicts: readonly Verdict[]
  /** Undefined when nothing was accepted. @throws when the connection broke or another epoch leads; the term is then over. */
  readonly committed: Promise<CommittedBatch | undefined>
}

/**
 * One leadership term of the writer: one connection, where the log and recent streams end, and every name that was taken. What is
 * sent counts as done for what is sent after it; the first error ends the term, so nothing is ever built on what failed.
 */
export class Term {
  private readonly heads = new HeadCache(STREAMS_CACHED)
  /** Positions of names found in old runs, for the batch that is being prepared. */
  private older = new Map<string, number>()
  private sent: number
  /** Partitions are there up to this position. */
  private madeTo: number
  private last: Promise<unknown> = Promise.resolve()

  private constructor(
    private readonly client: pg.Client,
    private readonly lease: Lease,
    private readonly pool: pg.Pool,
    private readonly names: Names,
    private partition: Partition,
    private head: number,
    private time_ms: number,
  ) {
    this.sent = head
    this.madeTo = partition.end
  }

  static async open({ url, name, epoch, pool, logger, names_per_run }: TermOptions): Promise<Term> {
    const lease = { name, epoch }
    const connectionName = Leadership.connectionName(name, epoch)
    const client = new pg.Client({
      connectionString: url,
      application_name: connectionName,
      connectionTimeoutMillis: 5_000,
      query_timeout: 30_000,
    })
    client.on('error', (error) => logger.warn({ reason: reasonOf(error) }, "the writer's connection broke"))
    try {
      await client.connect()
      const { rows } = await client.query<{ position: string; time: Date }>(HEAD_SQL)
      const head = Number(rows[0]?.position ?? '0')
      const names = await Names.load(client, { url, connectionName, hold: holdSql(lease), logger, names_per_run })
      const partition = await partitionOf(client, head + 1)
      return new Term(client, lease, pool, names, partition, head, rows[0]?.time.getTime() ?? 0)
    } catch (error) {
      await client.end().catch(() => undefined)
      throw error
    }
  }

  get epoch(): bigint {
    return this.lease.epoch
  }

  /** Position of the last committed event. */
  get position(): number {
    return this.head
  }

  /** Plans and sends a batch; the one before need not be committed yet. */
  async send(candidates: readonly Candidate[]): Promise<Sent> {
    await this.prepare(candidates)
    const batch = new Batch(this.sent, this.time_ms, {
      head: (stream) => this.heads.get(stream) ?? NO_STREAM,
      taken: (hash) => this.names.recent(hash) || (this.older.get(hash.toString('latin1')) ?? 0),
    })
    const verdicts = candidates.map((each) => batch.accept(each))
    if (batch.isEmpty) return { verdicts, committed: this.last.then(() => undefined) }
    for (const [stream, head] of batch.heads) this.heads.set(stream, head)
    for (const [hash, position] of batch.names()) this.names.add(hash, position)
    this.names.reached(batch.head)
    this.sent = batch.head
    this.time_ms = batch.time_ms
    const whole = batch.committed()
    const { rows } = whole
    const { after, head: position } = batch
    const names = batch.nameEntries()
    faultPoint('before-commit')
    const committed = commit(this.client, this.lease, this.partition, { after, position, rows, names }).then(() => {
      faultPoint('after-commit')
      this.head = position
      return whole
    })
    this.last = committed
    return { verdicts, committed }
  }

  /** @returns the position of the append that took the name; 0 when nobody did. @throws when the term is over. */
  async find(hash: Buffer): Promise<number> {
    const position = await this.names.find(this.pool, hash)
    // On its way: whether it is taken is known when that batch is committed.
    if (position > this.head) await this.last
    return position
  }

  async close(): Promise<void> {
    await this.names.settled()
    await this.client.end().catch(() => undefined)
  }

  /** Brings into memory all that planning asks for. */
  private async prepare(candidates: readonly Candidate[]): Promise<void> {
    let events = 0
    let names = 0
    for (const { writes, claims } of candidates) {
      names += 1 + claims.length + writes.length
      for (const write of writes) events += write.events.length
    }
    await this.names.reserve(names)
    await this.makeRoom(this.sent + events)
    for (;;) {
      const { generation } = this.names
      await this.findOlder(candidates)
      if (generation === this.names.generation) break
    }
    await this.loadHeads(candidates)
  }

  private async findOlder(candidates: readonly Candidate[]): Promise<void> {
    if (this.older.size > 0) this.older = new Map()
    const suspects: Buffer[] = []
    for (const { keyHash, claims } of candidates) {
      if (this.names.olderRuns(keyHash).length > 0) suspects.push(keyHash)
      for (const { hash } of claims) if (this.names.olderRuns(hash).length > 0) suspects.push(hash)
    }
    await Promise.all(
      suspects.map(async (hash) => {
        const position = await this.names.find(this.pool, hash)
        if (position > 0) this.older.set(hash.toString('latin1'), position)
      }),
    )
  }

  private async loadHeads(candidates: readonly Candidate[]): Promise<void> {
    const unknown = new Set<string>()
    const look = (stream: string): void => {
      if (this.heads.get(stream) || unknown.has(stream)) return
      // A stream whose name was never taken has no events: new streams cost no query.
      const hash = streamHash(stream)
      if (this.names.recent(hash) === 0 && this.names.olderRuns(hash).length === 0) this.heads.set(stream, NO_STREAM)
      else unknown.add(stream)
    }
    for (const { writes, checks } of candidates) {
      for (const { stream } of writes) look(stream)
      for (const { stream } of checks) look(stream)
    }
    if (unknown.size === 0) return
    // On the term's own connection, so after everything that was sent.
    const { rows } = await this.client.query<{ stream: string; revision: string; id: string }>(HEADS_SQL, [
      [...unknown],
    ])
    for (const stream of unknown) this.heads.set(stream, NO_STREAM)
    for (const { stream, revision, id } of rows) this.heads.set(stream, { revision: Number(revision), lastId: id })
  }

  /** Partitions are made ahead of need; a batch that reaches across a border is routed by the server. */
  private async makeRoom(position: number): Promise<void> {
    while (position + PARTITION_MARGIN >= this.madeTo) this.madeTo = (await partitionOf(this.client, this.madeTo)).end
    if (this.sent + 1 >= this.partition.end) this.partition = await partitionOf(this.client, this.sent + 1)
  }
}
