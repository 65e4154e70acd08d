import fastify, { type FastifyInstance } from 'fastify'
import {
  fleetOf,
  migrateReadModels,
  openRedis,
  Reader,
  type Redis,
  ResourceCatalogue,
  Sources,
  tablesOf,
} from '#read-models'
import { reports } from '#reports'
import { type Principal, Problem } from '#runtime'
import { type ScratchServers, scratchServers } from '#testing'
import { ReportResultsController } from './report-results.js'

let servers: ScratchServers
let redis: Redis
let sources: Sources
let server: FastifyInstance

beforeAll(async () => {
  servers = await scratchServers()
  const { database, scratch, logger } = servers
  const tables = tablesOf([reports])
  await migrateReadModels(database.url, tables)
  await database.query('update headwater.lanes set position = 10')
  await database.query('update headwater.members set position = null')
  redis = openRedis(scratch.url, logger)
  sources = new Sources({
    ...{ replicaUrls: [database.url], primaryUrl: database.url, primary: 'never', pool_max: 2 },
    ...{ hang_ms_max: 20_000, logger },
  })
  const reader = new Reader({ sources, carriers: { of: () => fleetOf(tables) }, redis, logger })
  const controller = new ReportResultsController(reader, sources, new ResourceCatalogue([reports]))
  const principal = { idsOf: () => undefined } as unknown as Principal
  server = fastify()
  server.get<{ Params: { id: string; file: string } }>('/:id/:file', (request, reply) =>
    controller.result(request.params.id, request.params.file, request, reply, principal),
  )
  server.setErrorHandler((error, _, reply) =>
    error instanceof Problem ? reply.status(error.status).send(error.code) : reply.send(error),
  )
})
afterAll(async () => {
  await server.close()
  await sources.close()
  redis.destroy()
  await servers.scratch.drop()
  await servers.database.drop()
})

async function job(id: string, state: string, computed_at: string | null): Promise<void> {
  await servers.database.query(
    `insert into jobs_v1.jobs (id, report, state, params, computed_at, formats, covers_aggregate, covers_id,
       created_position, created_ordinal, changed_position)
     values ($1, 'r', $2, '{}', $3, '["json"]', 'book', 'main', 1, 0, 1)`,
    [id, state, computed_at],
  )
}

/** What runs of the job have come to, in this order. */
async function results(id: string, ...positions: readonly number[]): Promise<void> {
  for (const position of positions)
    await servers.database.query(
      `insert into headwater.report_results (job, format, media_type, body, position) values ($1, 'json', 'application/json', $2, $3)`,
      [id, JSON.stringify({ position: String(position) }), position],
    )
}

test.each([
  [[5, 7, 6], '7'],
  [[7, 5, 6], '5'],
])('of the results of several runs (%j) the one is sent that the job says', async (positions, computedAt) => {
  const id = `job-${computedAt}`
  await results(id, ...positions)
  await job(id, 'done', computedAt)
  const answer = await server.inject(`/${id}/result.json`)
  expect({ position: answer.headers['headwater-position'], body: answer.json<unknown>() }).toEqual({
    position: computedAt,
    body: { position: computedAt },
  })
})

test('a replica that has not come to where the job was seen as done is not asked', async () => {
  const headers = { 'headwater-min-position': '11' }
  const answer = await server.inject({ url: '/job-7/result.json', headers })
  expect([answer.statusCode, answer.body]).toEqual([503, 'not-fresh-enough'])
})

test('while the job is not done there is none', async () => {
  await results('running', 5)
  await job('running', 'running', null)
  const answer = await server.inject('/running/result.json')
  expect([answer.statusCode, answer.body]).toEqual([404, 'not-found'])
})

test('a result that a replica does not have yet is waited for, and not said to be none', async () => {
  await job('late', 'done', '8')
  // As the cache knows it, which is ahead of the replica.
  await servers.database.query("update jobs_v1.jobs set changed_position = 12 where id = 'late'")
  const refused = await server.inject('/late/result.json')
  expect([refused.statusCode, refused.body]).toEqual([503, 'not-fresh-enough'])
  const answer = server.inject('/late/result.json')
  await results('late', 8)
  await servers.database.query('update headwater.lanes set position = 12')
  expect((await answer).statusCode).toBe(200)
})
