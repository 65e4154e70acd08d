import { FORWARDS, START } from '@eventstore/db-client'
import { type EventStoreDouble, openEventStoreDouble, silentLogger } from '#testing'
import { foreignEvents } from '../../fixtures/foreign-events.js'
import { collect } from './collect.js'
import { Connections } from './connections.js'
import { connectionStringFor } from './connection-string.js'
import { remedyOf } from './remedy.js'

let double: EventStoreDouble
let connections: Connections

beforeEach(async () => {
  double = await openEventStoreDouble()
  connections = new Connections(double.url, silentLogger())
})
afterEach(async () => {
  await connections.close()
  await double.close()
})

test('what is read from a connection that ends meanwhile is a failure, not a shorter log', async () => {
  await foreignEvents(double.url, 'filled', 5_000)
  const connection = await connections.connection()
  const stream = connection.client.readAll({ direction: FORWARDS, fromPosition: START, maxCount: 5_000 })
  stream.once('data', () => void connection.end())
  await expect(collect(connection, stream)).rejects.toMatchObject({ type: 'cancelled' })
})

test('what is begun on a connection that has ended is begun again on another', async () => {
  const connection = await connections.connection()
  await connection.end()
  const read = collect(connection, connection.client.readAll({ maxCount: 1 }))
  expect(remedyOf(await read.catch((error: unknown) => error))).toBe('replace')
})

test('a connection is used until it fails, and replaced once, whoever reports it', async () => {
  const first = await connections.connection()
  expect(await connections.connection()).toBe(first)
  for (const nth of [1, 2, 3]) connections.replace(first, new Error(`failure ${nth}`))
  expect(first.isOver).toBe(true)
  const second = await connections.connection()
  connections.replace(first, new Error('told late'))
  expect(await connections.connection()).toBe(second)
  expect(second.isOver).toBe(false)
})

test('after a failed attempt the next one begins anew', async () => {
  await double.nodes[0].refuse()
  await expect(connections.connection()).rejects.toThrow()
  await double.nodes[0].accept()
  expect((await connections.connection()).isOver).toBe(false)
})

describe('connection strings', () => {
  test('no two clients share a connection, and what the user says holds', () => {
    const url = 'esdb://admin:changeit@a:1,b:2/?tls=false&keep-alive_interval=20000'
    expect(connectionStringFor(url, 7)).toBe(
      'esdb://admin:changeit@a:1,b:2?tls=false&keep-alive_interval=20000&maxDiscoverAttempts=1&gossipTimeout=2&keepAliveInterval=20007',
    )
    const ours = (generation: number): string => connectionStringFor('esdb+discover://a', generation)
    expect(ours(1)).toBe('esdb+discover://a?maxDiscoverAttempts=1&gossipTimeout=2&keepAliveInterval=10001')
    expect(ours(1)).not.toBe(ours(2))
  })

  test.each([
    ['20000', 'keepAliveInterval=20001', 'keepAliveInterval=20002'],
    ['-1', 'keepAliveInterval=2147483648', 'keepAliveInterval=2147483649'],
  ])('a keep-alive of %s is another one for each client', (given, first, second) => {
    const own = (generation: number): string =>
      connectionStringFor(`esdb://a?keepAliveInterval=${given}`, generation).split('&').at(-1) ?? ''
    expect([own(1), own(2)]).toEqual([first, second])
  })

  test('a leader that was named is connected to directly', () => {
    expect(connectionStringFor('esdb+discover://a?tls=false', 0, 'b:2113')).toMatch(/^esdb:\/\/b:2113\?tls=false&/)
  })

  test('what is none is refused', () => {
    expect(() => connectionStringFor('http:a', 1)).toThrow(RangeError)
    expect(() => connectionStringFor('esdb://a?keepAliveInterval=soon', 1)).toThrow('keepAliveInterval')
  })
})
