import { setTimeout as sleep } from 'node:timers/promises'
import { Random, type RunningSystem, startSystem } from '#testing'
import { headOf } from '../arena/read-log.js'
import { layWitness } from '../arena/witness.js'
import { BookLoad } from './load/book-load.js'
import { Roll } from './strike/roll.js'
import { SecondProjector } from './strike/second-projector.js'

/** Where the faults of one run happen: a whole product, one more projector, the clients of some books, and a witness of commits. */
export class ReadField {
  readonly loads: BookLoad[] = []
  readonly roll = new Roll()

  private constructor(
    readonly random: Random,
    readonly system: RunningSystem,
    readonly projector: SecondProjector,
    /** Of the log's database, as the role that owns it. */
    readonly logUrl: string,
    /** What stood in the log before there was a witness. */
    readonly before: bigint,
  ) {}

  /** @throws Error when the system does not start, or a book cannot be opened; data and logs are kept then. */
  static async open(random: Random, books: number): Promise<ReadField> {
    const system = await startSystem('faults', { isApart: true })
    const field = await ReadField.lay(random, system).catch(async (error: unknown) => {
      await system.stop('keep')
      throw error
    })
    try {
      await field.lookAround('before anything was done')
      await field.load(books)
      return field
    } catch (error) {
      await field.close('keep')
      throw error
    }
  }

  private static async lay(random: Random, system: RunningSystem): Promise<ReadField> {
    // The witness belongs to who commits, and so may write down what it sees.
    const logUrl = `${system.postgresUrl('headwater_log')}?options=${encodeURIComponent('-c role=headwater_log')}`
    await layWitness(logUrl)
    const before = await headOf(logUrl)
    return new ReadField(random, system, await SecondProjector.start(system), logUrl, before)
  }

  /** Is everybody there who was there before? @param when in words. */
  async lookAround(when: string): Promise<void> {
    this.roll.call((await this.system.status()).instances, when)
  }

  /** A while in which nothing is wrong. */
  async calm(): Promise<void> {
    await sleep(this.random.between(100, 500))
  }

  /** @param keep data and logs, when something was found that somebody is to look into. */
  async close(keep?: 'keep'): Promise<void> {
    for (const each of this.loads) each.close()
    // What the system has not acknowledged by now it may never acknowledge.
    for (const { poster } of this.loads) poster.giveUp()
    await Promise.allSettled(
      this.loads.flatMap(({ poster, readers }) => [poster.end(), ...readers.map((each) => each.end())]),
    )
    await this.projector.kill()
    await this.system.stop(keep)
  }

  private async load(books: number): Promise<void> {
    for (let book = 1; book <= books; book += 1)
      this.loads.push(await BookLoad.start(this.system, `faults-${book}`, new Random(this.random.between(0, 2 ** 30))))
  }
}
