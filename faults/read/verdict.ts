import { checkLog, eventually, type LogCounts } from '#testing'
import { readLog } from '../arena/read-log.js'
import { hearWitness } from '../arena/witness.js'
import { type ReadField } from './field.js'
import { Applied } from './judge/applied.js'
import { judgeAnswers } from './judge/judge-answers.js'
import { judgeItems } from './judge/judge-items.js'
import { judgeReadModels } from './judge/judge-read-models.js'
import { judgeStates } from './judge/judge-states.js'
import { namedLog, operationsOf } from './judge/log-operations.js'
import { type ReadCounts, ReadFindings } from './judge/read-findings.js'
import { type BookLoad } from './load/book-load.js'
import { type Source } from './load/history.js'

export interface ReadVerdict {
  readonly counts: LogCounts & ReadCounts
  readonly isSound: boolean
  readonly offenders: readonly string[]
  /** How much there was to judge. */
  readonly seen: {
    readonly events: number
    readonly terms: number
    readonly rows: number
    readonly answers: number
    readonly from_cache: number
    readonly from_replica: number
    readonly from_primary: number
    /** Queries that were not answered 200. */
    readonly refused: number
    readonly told: number
    readonly resets: number
  }
}

const CATCH_UP_MS_MAX = 60_000

/** Lets the clients finish, and holds against the whole log what they were told, what they read, what they watched, and every row. */
export async function judge(field: ReadField): Promise<ReadVerdict> {
  const { loads, system, logUrl, before, roll, projector } = field
  await Promise.all(loads.map(({ poster }) => poster.end()))
  // What does not come in this time has not come: that is for the judgement to say.
  await eventually('all is read and told', () => loads.every(({ isCaughtUp }) => isCaughtUp), {
    timeout_ms: CATCH_UP_MS_MAX,
  }).catch(() => undefined)
  await Promise.all(loads.flatMap(({ readers }) => readers.map((each) => each.end())))
  const findings = new ReadFindings()
  for (const each of loads) judgeBook(each, findings)
  await field.lookAround('when all was over')
  for (const each of roll.unexpected) findings.add('unexpected_exits', each)
  const { hasFailed, end } = projector.child
  if (hasFailed) findings.add('unexpected_exits', `the second projector has ended: ${end}`)
  const log = await readLog(logUrl)
  const rows = await judgeReadModels(system, log, findings)
  const epochs = await hearWitness(logUrl)
  const posters = loads.map(({ poster }) => poster)
  const report = checkLog({
    operations: operationsOf(log, posters),
    log: namedLog(log, posters),
    gapFree: true,
    epochs,
  })
  const unseen = epochs.unseen(log.map(({ position }) => position).filter((position) => position > before))
  const sources = answersBySource(loads)
  const doubts = [
    ...(unseen === 0 ? [] : [`the witness did not see who committed ${unseen} events`]),
    ...(sources.from_cache > 0 ? [] : ['the cache answered nothing']),
    ...(sources.from_replica > 0 ? [] : ['no replica answered anything']),
  ]
  return {
    counts: { ...report.counts, ...findings.counts },
    isSound: report.isSound && findings.isSound && doubts.length === 0,
    offenders: [...report.offenders, ...findings.named, ...doubts],
    seen: { events: log.length, terms: epochs.terms.length, rows, ...seenBy(loads), ...sources },
  }
}

function judgeBook({ poster, readers, watchers }: BookLoad, findings: ReadFindings): void {
  const { book, acks } = poster
  const applied = new Applied(acks)
  for (const { answers, wrong } of readers) {
    judgeAnswers(book, answers, applied, findings)
    for (const each of wrong) findings.add('stale_answers', each)
  }
  for (const { items, states, errors } of watchers) {
    judgeItems(book, items, applied, findings)
    judgeStates(book, states, applied, findings)
    for (const each of errors) findings.add('missed', `a watch has ended: ${each}`)
  }
}

function answersBySource(
  loads: readonly BookLoad[],
): Pick<ReadVerdict['seen'], 'from_cache' | 'from_replica' | 'from_primary'> {
  const answers = loads.flatMap(({ readers }) => readers.flatMap((each) => each.answers))
  const from = (which: Source): number => answers.filter(({ source }) => source === which).length
  return { from_cache: from('cache'), from_replica: from('replica'), from_primary: from('primary') }
}

function seenBy(loads: readonly BookLoad[]): Pick<ReadVerdict['seen'], 'answers' | 'refused' | 'told' | 'resets'> {
  const readers = loads.flatMap((each) => each.readers)
  const told = loads.flatMap(({ watchers }) => watchers.flatMap(({ items, states }) => [...items, ...states]))
  return {
    answers: readers.reduce((sum, { answers }) => sum + answers.length, 0),
    refused: readers.reduce((sum, { refusals_ms }) => sum + refusals_ms.length, 0),
    told: told.length,
    resets: told.filter(({ kind }) => kind === 'reset').length,
  }
}
