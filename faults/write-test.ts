import { type Verdict } from './arena/verdict.js'
import { percentile, round } from './figures.js'
import { type FaultTest, type Outcome } from './outcome.js'
import { runScenario } from './run-scenario.js'
import { type Scenario } from './scenarios/scenario.js'

/** A scenario of the write side as the command line knows it. */
export function writeTest(scenario: Scenario): FaultTest {
  const { name, cycles } = scenario
  return { name, cycles, run: async (options) => outcomeOf(await runScenario(scenario, options)) }
}

export function outcomeOf(verdict: Verdict): Outcome {
  const { counts, isSound, offenders, firstAcks_ms, events, terms, sealed_runs } = verdict
  const healed = afterHealing_ms(verdict)
  return {
    counts: { ...counts },
    isSound,
    offenders,
    times: firstAcks_ms.map(({ kind, first_ack_ms }) => ({ kind, ms: first_ack_ms })),
    measured: {
      words: 'from the fault to the first acknowledgement of what was asked for after it, in ms',
      key: 'first_ack_ms',
    },
    more: {
      ...(healed.length > 0 ? { healed_ack_ms_p99: round(percentile(healed, 0.99)) } : {}),
      events,
      terms,
      sealed_runs,
    },
  }
}

/** From the end of what lasted a while to the first acknowledgement after that; 0 when there was one before. */
function afterHealing_ms({ firstAcks_ms }: Verdict): readonly number[] {
  return firstAcks_ms.flatMap(({ at_ms, healed_ms, first_ack_ms }) =>
    healed_ms === undefined ? [] : [Math.max(0, at_ms + first_ack_ms - healed_ms)],
  )
}
