import { Random, type TemporaryPostgres } from '#testing'
import { Arena, type ArenaOptions } from './arena/arena.js'
import { judge, type Verdict } from './arena/verdict.js'
import { type RunOptions } from './outcome.js'
import { type Scenario } from './scenarios/scenario.js'

export interface ScenarioOptions extends RunOptions {
  /** Other than the scenario has it. */
  readonly arena?: Partial<Pick<ArenaOptions, 'clients' | 'lease_ms'>>
  /** For those that do not break it, instead of one of their own: each has a database in it. */
  readonly server?: TemporaryPostgres
  /** See {@link Scenario}. Default false. */
  readonly isShort?: boolean
}

/** Runs one fault test from an empty log to its verdict, and leaves nothing behind. @throws Error when clients are not answered any more. */
export async function runScenario(scenario: Scenario, run: ScenarioOptions): Promise<Verdict> {
  const { seed, cycles, onCycle, signal, isShort } = run
  const { arena: options, cycle, close } = await scenario.open(new Random(seed), isShort)
  const shared = run.server && !scenario.breaksServer ? { server: run.server } : {}
  try {
    const arena = await Arena.open({ ...options, ...run.arena, ...shared })
    try {
      for (let done = 0; done < cycles && !signal?.aborted; done += 1) {
        await cycle(arena)
        onCycle?.(done + 1)
      }
      return await judge(arena)
    } finally {
      await arena.close()
    }
  } finally {
    await close?.()
  }
}
