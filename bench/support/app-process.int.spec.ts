import { type ScratchRedis, scratchRedis } from '#testing'
import { startApp } from './app-process.js'

let redis: ScratchRedis
beforeAll(async () => {
  redis = await scratchRedis()
})
afterAll(() => redis.drop())

test('one that has ended by itself is stopped already', async () => {
  const app = await startApp('query-api', 'bench/live/peer/main.js', { REDIS_URL: redis.url })
  process.kill(app.pid, 'SIGKILL')
  await app.stop()
  // By now it is known that it has ended.
  await app.stop()
})

test('one that ends before it is ready is not waited for', async () => {
  await expect(startApp('query-api', 'bench/nobody/main.js', {})).rejects.toThrow('bench/nobody/main.js ended with 1')
})
