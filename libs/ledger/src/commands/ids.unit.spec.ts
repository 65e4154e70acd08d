import { type AnyCommand } from '#domain-kit'
import { CommandHandler, type CommandOutcome } from '#commands'
import { createMemoryStore, type EventStore } from '#event-store'
import { type Entry } from '../book/events.js'
import { DAY, transfer } from '../fixtures/book-events.js'
import { captureHold } from './capture-hold.js'
import { openAccount } from './open-account.js'
import { openBook } from './open-book.js'
import { placeHold } from './place-hold.js'
import { postTransaction } from './post-transaction.js'
import { releaseHold } from './release-hold.js'
import { reverseTransaction } from './reverse-transaction.js'

let store: EventStore
let handler: CommandHandler
let keys = 0

async function send(command: AnyCommand, body: object, target = 'main'): Promise<CommandOutcome> {
  const key = `key-${(keys += 1)}`
  return handler.execute({ command, name: `ledger.${command.name}`, target, body, key, metadata: {} })
}

beforeEach(async () => {
  store = createMemoryStore()
  handler = new CommandHandler({ store })
  for (const book of ['main', 'other']) {
    await send(openBook, { book }, book)
    await send(openAccount, { account: 'cash', lowestBalance: [{ commodity: 'EUR', amount: '-100' }] }, book)
    await send(openAccount, { account: 'shop' }, book)
  }
})

const of = (id: string, amount = '10'): Entry => transfer(id, 'cash', 'shop', amount)
const undo = (transaction: string, id: string): object => ({ transaction, id, date: DAY })
const accepted = { kind: 'accepted', replayed: false }
const replayed = { kind: 'accepted', replayed: true }
const refused = (code: string): object => ({ kind: 'rejected', rejection: { code } })

describe('the id of a transaction', () => {
  test('sent again with the same content answers the original result', async () => {
    const first = await send(postTransaction, of('t1'))
    await send(postTransaction, of('t2'))
    expect(first).toMatchObject(accepted)
    expect(await send(postTransaction, of('t1'))).toEqual({ ...first, replayed: true })
  })

  test('sent again with another content is refused', async () => {
    await send(postTransaction, of('t1', '10'))
    expect(await send(postTransaction, of('t1', '10.0'))).toMatchObject(refused('transaction-exists'))
  })

  test('of a refused transaction stays free', async () => {
    expect(await send(postTransaction, of('t1', '101'))).toMatchObject(refused('below-lowest-balance'))
    expect(await send(postTransaction, of('t1', '100'))).toMatchObject(accepted)
  })

  test('is the book\u2019s own: another book may use it', async () => {
    await send(postTransaction, of('t1', '10'))
    expect(await send(postTransaction, of('t1', '20'), 'other')).toMatchObject(accepted)
  })

  test('is shared by reversals and captures, which are transactions', async () => {
    await send(postTransaction, of('t1'))
    await send(postTransaction, of('t2'))
    await send(placeHold, of('h1'))
    expect(await send(reverseTransaction, undo('t1', 't2'))).toMatchObject(refused('transaction-exists'))
    expect(await send(captureHold, { hold: 'h1', id: 't2' })).toMatchObject(refused('transaction-exists'))
    expect(await send(reverseTransaction, undo('t1', 't1'))).toMatchObject(refused('transaction-exists'))
    await send(reverseTransaction, undo('t1', 'r1'))
    expect(await send(postTransaction, of('r1'))).toMatchObject(refused('transaction-exists'))
  })

  test('is compared exactly', async () => {
    await send(postTransaction, of('caf\u00e9'))
    expect(await send(postTransaction, of('cafe\u0301', '20'))).toMatchObject(accepted)
    expect(await send(postTransaction, of('CAF\u00c9', '20'))).toMatchObject(accepted)
  })
})

describe('a reversal', () => {
  beforeEach(async () => {
    await send(postTransaction, of('t1'))
  })

  test('happens once, whatever its id', async () => {
    expect(await send(reverseTransaction, undo('t1', 'r1'))).toMatchObject(accepted)
    expect(await send(reverseTransaction, undo('t1', 'r1'))).toMatchObject(replayed)
    expect(await send(reverseTransaction, undo('t1', 'r2'))).toMatchObject(refused('already-reversed'))
  })

  test('that was refused may be tried again', async () => {
    expect(await send(reverseTransaction, undo('t2', 'r2'))).toMatchObject(refused('transaction-not-found'))
    await send(postTransaction, of('t2'))
    expect(await send(reverseTransaction, undo('t2', 'r2'))).toMatchObject(accepted)
  })

  test('can itself be reversed, and so can a captured hold', async () => {
    await send(reverseTransaction, undo('t1', 'r1'))
    expect(await send(reverseTransaction, undo('r1', 'r2'))).toMatchObject(accepted)
    await send(placeHold, of('h1'))
    await send(captureHold, { hold: 'h1', id: 't9' })
    expect(await send(reverseTransaction, undo('t9', 'r9'))).toMatchObject(accepted)
  })

  test('does not take a hold for a transaction', async () => {
    await send(placeHold, of('h1'))
    expect(await send(reverseTransaction, undo('h1', 'r1'))).toMatchObject(refused('transaction-not-found'))
  })
})

describe('a hold', () => {
  beforeEach(async () => {
    await send(placeHold, of('h1'))
  })

  test('sent again with the same content replays, with another it is refused', async () => {
    expect(await send(placeHold, of('h1'))).toMatchObject(replayed)
    expect(await send(placeHold, of('h1', '11'))).toMatchObject(refused('hold-exists'))
  })

  test('may be named as a transaction is; then its capture needs an id of its own', async () => {
    expect(await send(postTransaction, of('h1', '20'))).toMatchObject(accepted)
    expect(await send(captureHold, { hold: 'h1' })).toMatchObject(refused('transaction-exists'))
    expect(await send(captureHold, { hold: 'h1', id: 't1' })).toMatchObject(accepted)
  })

  test('is captured once', async () => {
    expect(await send(captureHold, { hold: 'h1' })).toMatchObject(accepted)
    expect(await send(captureHold, { hold: 'h1' })).toMatchObject(replayed)
    expect(await send(captureHold, { hold: 'h1', id: 't2' })).toMatchObject(refused('hold-settled'))
    expect(await send(releaseHold, { hold: 'h1' })).toMatchObject(refused('hold-settled'))
  })

  test('is released once', async () => {
    expect(await send(releaseHold, { hold: 'h1' })).toMatchObject(accepted)
    expect(await send(releaseHold, { hold: 'h1' })).toMatchObject(replayed)
    expect(await send(captureHold, { hold: 'h1' })).toMatchObject(refused('hold-settled'))
  })

  test('that never was is not one that is settled', async () => {
    expect(await send(captureHold, { hold: 'h2' })).toMatchObject(refused('hold-not-found'))
    expect(await send(releaseHold, { hold: 'h2' })).toMatchObject(refused('hold-not-found'))
  })

  test('does not come back under its id', async () => {
    await send(releaseHold, { hold: 'h1' })
    expect(await send(placeHold, of('h1', '11'))).toMatchObject(refused('hold-exists'))
  })
})
