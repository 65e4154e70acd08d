import { domains } from '#domains'
import { migrateReadModels, tablesOf } from '#read-models'
import { temporaryPostgres, temporaryRedis } from '#testing'
import { benchmark } from '../support/benchmark.js'
import { openBenchStore } from '../support/bench-store.js'
import { startWriter } from '../support/event-writer.js'
import { processorOf } from '../support/processor.js'
import { rounded, say } from '../support/report.js'
import { worker } from '../support/workers.js'
import { type FoldArgument, type FoldResult } from './fold.js'
import { projectWithTypeOrm } from './typeorm-projector.js'
import { fillLog, OPENINGS } from './workload.js'

const MILLION = 1_000_000
const SHORT = 100_000
const PEER_EVENTS = 2_000

/**
 * `bench project`: a projector in a process of its own catches up with a log of a million ledger events, all installed projections, from
 * nothing, indexes and cache included. The peer folds the first of the same transactions into the same tables, a row at a time. `--events N`
 * for another length, `--short` is 100 thousand, `--ours` leaves the peer out.
 */
export const project = benchmark({ events: 'number', short: 'switch', ours: 'switch' }, async (told, stops) => {
  const count = told.events ?? (told.short ? SHORT : MILLION)
  const server = await temporaryPostgres()
  stops.push(() => server.drop())
  const redis = await temporaryRedis()
  stops.push(() => redis.drop())
  const writer = await startWriter(await server.createDatabase('log'))
  stops.push(() => writer.stop())
  const store = await openBenchStore(writer.access)
  stops.push(() => store.close())
  await fillLog(store, count)
  const url = await server.createDatabase('ours')
  await migrateReadModels(url, tablesOf(domains))
  const argument: FoldArgument = { access: writer.access, url, redisUrl: redis.url }
  const folding = await worker<null, FoldResult>('project/fold.js', argument, 'projector')
  stops.push(() => folding.stop())
  const before = [processorOf(folding.pid), processorOf(server.pid())] as const
  const { events, seconds, rss_mb, rss_third_mb } = await folding.run(null)
  const per_s = events / seconds
  const processor = [processorOf(folding.pid) - before[0], processorOf(server.pid()) - before[1]] as const
  say('events', events)
  say('ours, events/s', Math.round(per_s))
  say('processor an event, projector', `${rounded(processor[0] / events)} us`)
  say('processor an event, postgres', `${rounded(processor[1] / events)} us`)
  say('memory, most; at a third', `${rounded(rss_mb)} MiB`, `${rounded(rss_third_mb)} MiB`)
  const ours = {
    per_s: rounded(per_s),
    rss_mb: rounded(rss_mb),
    rss_growth_mb: rounded(rss_mb - rss_third_mb),
    processor_us_projector: rounded(processor[0] / events),
    processor_us_postgres: rounded(processor[1] / events),
  }
  if (told.ours) return { ours, peers: {}, limit: {}, ratios: {} }
  const part = { before: OPENINGS, measured: PEER_EVENTS }
  const peer = await projectWithTypeOrm(await server.createDatabase('peer'), domains, store.readAll(), part)
  say('TypeORM, a row at a time', `${rounded(peer.per_s)}/s`, `${peer.events} events`)
  const ratios = { typeorm: rounded(per_s / peer.per_s) }
  say('ratio to TypeORM', ratios.typeorm)
  return { ours, peers: { typeorm: rounded(peer.per_s), typeorm_events: peer.events }, limit: {}, ratios }
})
