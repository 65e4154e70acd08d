import { EventEmitter } from 'node:events'
import type pg from 'pg'
import { type Leadership } from '#leadership'
import { silentLogger } from '#testing'
import { Writer } from './writer.js'

test('any number may follow what a writer commits: nobody is warned of a leak', async () => {
  const warnings: string[] = []
  const heard = ({ name }: Error): void => void warnings.push(name)
  process.on('warning', heard)
  const writer = new Writer({
    url: '',
    name: 'event-writer',
    leadership: new EventEmitter() as Leadership,
    pool: { query: () => new Promise(() => undefined) } as unknown as pg.Pool,
    logger: silentLogger(),
  })
  for (let count = 0; count < 50; count += 1) writer.on('committed', () => undefined)
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', heard)
  await writer.close()
  expect(warnings).toEqual([])
})
