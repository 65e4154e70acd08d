import { setImmediate as nextTurn } from 'node:timers/promises'
import { Gate } from './gate.js'

const KIB = 1_024

let gate: Gate
/** What was let through and has not ended, by its name. */
let inside: Map<string, () => void>
beforeEach(() => {
  gate = new Gate()
  inside = new Map()
})

/** Passes until `end` is called for it. */
function ask(name: string, bytes: number, isBulk = false): void {
  const run = (): Promise<void> => new Promise((resolve) => inside.set(name, resolve))
  void gate.pass({ bytes, isBulk }, run).then(() => inside.delete(name))
}

async function end(name: string): Promise<void> {
  inside.get(name)?.()
  await nextTurn()
}

const names = async (): Promise<string[]> => {
  await nextTurn()
  return [...inside.keys()]
}

test('so many bytes are under way and no more, in the order in which they came', async () => {
  for (const name of ['a', 'b', 'c', 'd']) ask(name, 300 * KIB)
  expect(await names()).toEqual(['a', 'b'])
  await end('a')
  expect(await names()).toEqual(['b', 'c'])
  await end('b')
  await end('c')
  expect(await names()).toEqual(['d'])
})

test('what is larger than all that may be under way goes alone, and small ones do not overtake it', async () => {
  ask('small', KIB)
  ask('large', 1_000 * KIB)
  ask('late', KIB)
  expect(await names()).toEqual(['small'])
  await end('small')
  expect(await names()).toEqual(['large'])
  await end('large')
  expect(await names()).toEqual(['late'])
})

test('so many are under way and no more, however small', async () => {
  for (let at = 0; at < 600; at += 1) ask(String(at), 1)
  expect(await names()).toHaveLength(512)
  await end('0')
  expect((await names()).at(-1)).toBe('512')
})

test('what people wait for goes before what programs send, which goes when there is room', async () => {
  ask('first', 700 * KIB)
  ask('program', 200 * KIB, true)
  ask('person', 200 * KIB)
  expect(await names()).toEqual(['first'])
  await end('first')
  expect(await names()).toEqual(['person', 'program'])
})

test('what programs send is not overtaken for ever', async () => {
  ask('busy', 700 * KIB)
  ask('program', 200 * KIB, true)
  await names()
  let last = 'busy'
  for (let at = 0; at < 100 && !inside.has('program'); at += 1) {
    const person = `person-${at}`
    ask(person, 700 * KIB)
    await end(last)
    last = person
  }
  expect(await names()).toContain('program')
})

test('one that fails makes room', async () => {
  const failing = gate.pass({ bytes: 800 * KIB, isBulk: false }, async () => Promise.reject(new Error('broken')))
  await expect(failing).rejects.toThrow('broken')
  ask('next', 800 * KIB)
  expect(await names()).toEqual(['next'])
})
