import type pg from 'pg'
import { clearTerm, Leadership } from '#leadership'
import { goodbye, type Logger, reasonOf } from '#runtime'
import { faultPoint } from '../fault-point.js'
import { StoreUnavailable } from '../port.js'
import { type BatchSize, sizeOf, type Waiting } from '../log/append-queue.js'
import { Batch, type Verdict, type World } from '../log/batch.js'
import { UUID_BYTES, writeUuid } from '../log/binary.js'
import { type CommittedBatch } from '../log/committed-batch.js'
import { commit, HEAD_SQL, HEADS_SQL, holdSql, type Lease } from './commit.js'
import { HeadCache, noEvents, type StreamHead } from '../log/heads.js'
import { HASH_BYTES, streamHash } from '../log/name-hash.js'
import { Names } from './names/names.js'
import { RunSet } from './names/run-set.js'
import { type Partition, partitionAt } from './partitions.js'
import { type PlannedAppend } from '../log/planned.js'
import { termClient } from './term-client.js'

const STREAMS_CACHED = 200_000
/** Old names in one question: each brings a block or two of some 12 KB. */
const LOOK_UPS_MAX = 128
/** The next partition is made so many events before it is needed. */
const PARTITION_MARGIN = 100_000

export interface TermOptions {
  readonly url: string
  readonly name: string
  readonly epoch: bigint
  /** For reading what is not in memory. */
  readonly pool: pg.Pool
  readonly logger: Logger
  /** What was read of names before the term began. Default: nothing. */
  readonly runs?: RunSet | undefined
  readonly names_per_run?: number | undefined
  readonly merge_pauses?: number | undefined
}

/** A batch that is on its way: what it comes to when it is committed, if it is. */
export interface Sent {
  /** StoreUnavailable: of this one nothing is appended, because it is not known whether its names are taken. */
  readonly verdicts: readonly (Verdict | StoreUnavailable)[]
  /** Undefined when nothing was accepted. @throws when the connection broke or another epoch leads; the term is then over. */
  readonly committed: Promise<CommittedBatch | undefined>
}

/** Appends that have to be asked for again. */
type Unknown = ReadonlyMap<PlannedAppend, StoreUnavailable>

/** A name of an append that may be in an old run. */
interface Suspect {
  readonly append: PlannedAppend
  readonly hash: Buffer
}

/**
 * One leadership term of the writer: one connection, where the log and recent streams end, and every name that was taken. What is
 * planned counts as done for what is planned after it, which is sent once it is; the first error ends the term, so nothing is ever built
 * on what failed.
 */
export class Term implements World {
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
    private committed: number,
    private time_ms: number,
    private readonly logger: Logger,
  ) {
    this.sent = committed
    this.madeTo = partition.end
  }

  static async open({ url, name, epoch, pool, logger, runs, names_per_run, merge_pauses }: TermOptions): Promise<Term> {
    const lease = { name, epoch }
    const connectionName = Leadership.connectionName(name, epoch)
    const client = termClient(url, connectionName)
    client.on('error', (error) => logger.warn({ reason: reasonOf(error) }, "the writer's connection broke"))
    try {
      await client.connect()
      await clearTerm(client, 'log', name, epoch)
      const { rows } = await client.query<{ position: string; time: Date }>(HEAD_SQL)
      const head = Number(rows[0]?.position ?? '0')
      const hold = (last: number): string => holdSql(lease, last)
      const partition = await partitionAt(client, head + 1)
      const options = { url, connectionName, hold, logger, names_per_run, merge_pauses }
      const names = await Names.load(client, runs ?? new RunSet(), options)
      return new Term(client, lease, pool, names, partition, head, rows[0]?.time.getTime() ?? 0, logger)
    } catch (error) {
      await goodbye(client)
      throw error
    }
  }

  get epoch(): bigint {
    return this.lease.epoch
  }

  /** Position of the last committed event. */
  get position(): number {
    return this.committed
  }

  /** Plans and makes a batch; the one before need not be committed yet, and this one is sent once it is. */
  async send(waiting: readonly Waiting[]): Promise<Sent> {
    const size = sizeOf(waiting)
    const unknown = await this.prepare(waiting, size)
    const batch = new Batch(this.sent, this.time_ms, size, this)
    const verdicts = waiting.map(({ append }) => unknown.get(append) ?? batch.accept(append))
    if (batch.isEmpty) return { verdicts, committed: this.last.then(() => undefined) }
    const { head: position, after } = batch
    this.names.reached(position)
    this.sent = position
    this.time_ms = batch.time_ms
    const { names, copy, committed: whole } = batch.sealed()
    faultPoint('before-commit')
    // The next batch leaves with the answer to this one, before anybody is told of it.
    const done = commit(this.client, this.lease, this.partition, { after, position, copy, names }, this.last)
    this.last = done
    const committed = done.then(() => {
      faultPoint('after-commit')
      this.committed = position
      return whole
    })
    return { verdicts, committed }
  }

  /** For {@link Batch}: loaded by then. */
  head(stream: string): StreamHead {
    const head = this.heads.get(stream)
    if (!head) throw new Error(`the head of ${stream} was not loaded`)
    return head
  }

  /** For {@link Batch}: in memory, or found when the batch was prepared. */
  taken(bytes: Buffer, at: number): number {
    const recent = this.names.recent(bytes, at)
    if (recent > 0 || this.older.size === 0) return recent
    return this.older.get(bytes.toString('latin1', at, at + HASH_BYTES)) ?? 0
  }

  /** For {@link Batch}. */
  take(bytes: Buffer, at: number, position: number): void {
    this.names.add(bytes, position, at)
  }

  /** @returns the position of the append that took the name; 0 when nobody did. @throws when the term is over. */
  async find(hash: Buffer): Promise<number> {
    const [position = 0] = await this.names.find(this.pool, [hash])
    // On its way: whether it is taken is known when that batch is committed.
    if (position > this.committed) await this.last
    return position
  }

  async close(): Promise<void> {
    const closed = this.names.close()
    await goodbye(this.client)
    await closed
  }

  /** Brings into memory all that planning asks for. @returns those of which it cannot be known. */
  private async prepare(waiting: readonly Waiting[], size: BatchSize): Promise<Unknown> {
    await this.names.reserve(size.names, this.last)
    await this.makeRoom(this.sent + size.events)
    let unknown: Unknown
    for (;;) {
      const { generation } = this.names
      unknown = await this.findOlder(waiting)
      if (generation === this.names.generation) break
    }
    await this.loadHeads(waiting)
    return unknown
  }

  /** Everybody waits for it: after one question without an answer no other is asked. */
  private async findOlder(waiting: readonly Waiting[]): Promise<Unknown> {
    if (this.older.size > 0) this.older = new Map()
    const unknown = new Map<PlannedAppend, StoreUnavailable>()
    const suspects = this.suspectsOf(waiting)
    for (let at = 0; at < suspects.length; at += LOOK_UPS_MAX) {
      const some = suspects.slice(at, at + LOOK_UPS_MAX)
      try {
        const hashes = some.map(({ hash }) => hash)
        for (const [nth, position] of (await this.names.find(this.pool, hashes)).entries())
          if (position > 0) this.older.set(hashes[nth]?.toString('latin1') ?? '', position)
      } catch (cause) {
        this.logger.warn({ reason: reasonOf(cause), names: suspects.length - at }, 'old names could not be looked up')
        const unavailable = new StoreUnavailable('its names cannot be looked up now', { cause })
        for (const { append } of suspects.slice(at)) unknown.set(append, unavailable)
        break
      }
    }
    return unknown
  }

  private suspectsOf(waiting: readonly Waiting[]): Suspect[] {
    const suspects: Suspect[] = []
    for (const { append } of waiting) {
      const { bytes, keyAt, claimsAt, claims } = append
      const look = (at: number): void => {
        if (this.names.mayBeOlder(bytes, at)) suspects.push({ append, hash: bytes.subarray(at, at + HASH_BYTES) })
      }
      look(keyAt)
      for (let claim = 0; claim < claims; claim += 1) look(claimsAt + claim * HASH_BYTES)
    }
    return suspects
  }

  private async loadHeads(waiting: readonly Waiting[]): Promise<void> {
    const unknown = new Set<string>()
    const look = (stream: string): void => {
      if (this.heads.get(stream) || unknown.has(stream)) return
      // A stream whose name was never taken has no events: new streams cost no query.
      const hash = streamHash(stream)
      if (this.names.recent(hash) === 0 && !this.names.mayBeOlder(hash)) this.heads.set(stream, noEvents())
      else unknown.add(stream)
    }
    for (const { append } of waiting) {
      for (const { stream } of append.writes) look(stream)
      for (const { stream } of append.checks) look(stream)
    }
    if (unknown.size === 0) return
    // After everything that was sent.
    await this.last
    const { rows } = await this.client.query<{ stream: string; revision: string; id: string }>(HEADS_SQL, [
      [...unknown],
    ])
    for (const stream of unknown) this.heads.set(stream, noEvents())
    const id = Buffer.alloc(UUID_BYTES)
    for (const row of rows) {
      writeUuid(id, row.id, 0)
      this.heads.set(row.stream, {
        revision: Number(row.revision),
        lastId: id.toString('latin1'),
        refused_ms: -Infinity,
      })
    }
  }

  /** Partitions are made ahead of need; a batch that reaches across a border is routed by the server. */
  private async makeRoom(position: number): Promise<void> {
    while (position + PARTITION_MARGIN >= this.madeTo) this.madeTo = (await partitionAt(this.client, this.madeTo)).end
    if (this.sent + 1 >= this.partition.end) this.partition = await partitionAt(this.client, this.sent + 1)
  }
}
