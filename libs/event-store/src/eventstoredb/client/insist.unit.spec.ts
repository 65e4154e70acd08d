import { StoreUnavailable } from '../../port.js'
import { PATIENCE } from '../patience.js'
import { type Connection } from './connection.js'
import { type Connections } from './connections.js'
import { insist } from './insist.js'

// Its own timers are not among those that are faked.
jest.mock('node:timers/promises', () => ({
  setTimeout: async (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)),
}))

beforeEach(() => jest.useFakeTimers())
afterEach(() => jest.useRealTimers())

const silent = async (): Promise<never> => new Promise(() => undefined)

function connections(): { readonly connections: Connections; readonly replaced: jest.Mock } {
  const replaced = jest.fn()
  const connection = async (): Promise<Connection> => Promise.resolve({ isOver: false } as Connection)
  return { connections: { connection, replace: replaced } as unknown as Connections, replaced }
}

test('a silent server is asked on one connection after the other, and no attempt begins when patience is at its end', async () => {
  const { connections: silentOnes, replaced } = connections()
  const call = jest.fn(silent)
  const patience = { what: 'asking', attempt_ms: 1_000, total_ms: 2_500 }
  const asked = expect(insist(silentOnes, patience, call)).rejects.toThrow(StoreUnavailable)
  await jest.advanceTimersByTimeAsync(4_000)
  await asked
  expect(call).toHaveBeenCalledTimes(3)
  expect(replaced).toHaveBeenCalledTimes(3)
})

test('of a silent server an append, and the read that follows upon it, end when the 10 s of a command are over, and soon', async () => {
  const begun_ms = performance.now()
  const both = async (): Promise<number> => {
    for (const each of [PATIENCE.append, PATIENCE.read])
      await insist(connections().connections, { what: 'asking', ...each }, silent).catch(() => undefined)
    return performance.now() - begun_ms
  }
  const ended = both()
  await jest.advanceTimersByTimeAsync(30_000)
  const took_ms = await ended
  expect(took_ms).toBeGreaterThan(10_000)
  expect(took_ms).toBeLessThan(14_000)
})
