import pg from 'pg'
import { reasonOf } from '#runtime'
import { bounded } from '../../bounded.js'
import { isWrongStatement } from './failure.js'
import { type Haste, pauseBefore } from './pauses.js'
import { type Checkpoint, type Replica } from './replica.js'

/** In: nothing. Out: how far the live build of each projection is here, by lane, and in the lane that is furthest behind. Locks nothing. */
const POSITIONS_SQL = `
select m.projection as name, m.version, min(coalesce(m.position, l.position)) as position,
  json_object_agg(m.lane, coalesce(m.position, l.position)::text) as lanes
from headwater.members m join headwater.builds b using (projection, version, build)
join headwater.lanes l on l.fleet = m.fleet and l.lane = m.lane where b.slot = 'live' group by 1, 2`

interface PositionsRow {
  readonly name: string
  readonly version: number
  readonly position: string
  readonly lanes: Readonly<Record<string, string>>
}

const CONNECT_MS_MAX = 2_000

export interface WatchOptions {
  readonly replica: Replica
  readonly url: string
  /** No answer to a question of a few rows within this time, in ms: it hangs. */
  readonly hang_ms_max: number
  /** It has said where it is. */
  readonly onAnswer: () => void
  /** It cannot be asked; `isNews` when it could the last time. */
  readonly onSilence: (reason: string, isNews: boolean) => void
}

/**
 * Asks one replica where it is, on a connection of its own: when queries have not said so for a while, sooner when some wait for
 * it, and again and again while it is away. At most one question at a time.
 */
export class ReplicaWatch {
  private client: pg.Client | undefined
  private failures = 0
  private asked_ms = 0
  private haste: Haste = 'none'
  private hurried_ms = 0
  private timer: NodeJS.Timeout | undefined
  private wake: () => void = () => undefined
  private isClosed = false
  private readonly running: Promise<void>

  constructor(private readonly options: WatchOptions) {
    this.running = this.run()
  }

  /** Somebody waits, or nobody does any more. The longer it has been so, the longer the pauses: half as long as that. */
  hurry(haste: Haste, since_ms: number): void {
    this.haste = haste
    this.hurried_ms = since_ms
    if (haste !== 'none') this.wake()
  }

  /** Asks at once, unless it is known to be away: a query has failed there. */
  poke(): void {
    if (this.failures > 0) return
    this.asked_ms = -Infinity
    this.wake()
  }

  async close(): Promise<void> {
    this.isClosed = true
    this.wake()
    this.drop()
    await this.running
    // Of a connection that was being made.
    this.drop()
  }

  private async run(): Promise<void> {
    while (!this.isClosed) {
      const pause_ms = this.pause_ms()
      if (pause_ms > 0) await this.sleep(pause_ms)
      else await this.ask()
    }
  }

  private pause_ms(): number {
    const { asked_ms, failures, haste, hurried_ms } = this
    const { learned_ms } = this.options.replica
    return pauseBefore({ asked_ms, learned_ms, failures, haste, hurried_ms }, performance.now())
  }

  private async sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.wake = resolve
      this.timer = setTimeout(resolve, ms)
    })
    clearTimeout(this.timer)
  }

  private async ask(): Promise<void> {
    const { replica, hang_ms_max, onAnswer, onSilence } = this.options
    this.asked_ms = performance.now()
    try {
      this.client ??= await this.connect()
      const positions = await bounded(this.positions(this.client), hang_ms_max, replica.name)
      replica.setAll(positions.flatMap(checkpointsOf))
      replica.learned_ms = performance.now()
      this.failures = 0
      onAnswer()
    } catch (error) {
      this.drop()
      this.failures += 1
      if (!this.isClosed) onSilence(reasonOf(error), this.failures === 1)
    }
  }

  private async positions(client: pg.Client): Promise<readonly PositionsRow[]> {
    try {
      const statement = { name: 'positions', text: POSITIONS_SQL }
      return (await client.query<PositionsRow>(statement)).rows
    } catch (error) {
      // The read models are not made, or not replicated yet: it is there, and nowhere.
      if (isWrongStatement(error)) return []
      throw error
    }
  }

  private async connect(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.options.url,
      application_name: 'headwater replica watch',
      connectionTimeoutMillis: CONNECT_MS_MAX,
    })
    // Whoever asks next is told; the pause before is skipped, because a connection that breaks is news.
    client.on('error', () => {
      if (this.client === client) this.poke()
    })
    try {
      await client.connect()
      return client
    } catch (error) {
      void client.end().catch(() => undefined)
      throw error
    }
  }

  private drop(): void {
    const { client } = this
    this.client = undefined
    void client?.end().catch(() => undefined)
  }
}

function checkpointsOf({ name, version, position, lanes }: PositionsRow): readonly (readonly [Checkpoint, bigint])[] {
  const each = Object.entries(lanes).map(([lane, at]) => [{ name, version, lane: Number(lane) }, BigInt(at)] as const)
  return [[{ name, version }, BigInt(position)], ...each]
}
