import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { work, workerArgument } from '../support/workers.js'
import { transaction } from '../command/workload.js'

export interface SendArgument {
  readonly port: number
  readonly token: string
}

/** Posts so many transactions, one line each, dealt out to some requests at a time. */
export interface SendTask {
  readonly transactions: number
  readonly requests: number
  readonly books: readonly string[]
}

export interface SendResult {
  readonly accepted: number
  readonly run_ms: number
  /** Some of the answers that were not 201. */
  readonly refused: readonly string[]
  readonly processor_us: number
}

/** Lines in one write. */
const TOGETHER = 100
const ACCEPTED = ',"status":201,'

const { port, token } = workerArgument<SendArgument>()
const prefix = randomUUID().slice(0, 8)
let ordinal = 0

function lines(count: number, books: readonly string[]): string {
  let text = ''
  for (let each = 0; each < count; each += 1) {
    ordinal += 1
    const id = `${prefix}-${ordinal}`
    const target = books[Math.floor(Math.random() * books.length)] ?? ''
    text += `{"key":"${id}","command":"ledger.post-transaction","target":"${target}","body":${transaction(id, ordinal)}}\n`
  }
  return text
}

async function write(sent: ClientRequest, transactions: number, books: readonly string[]): Promise<void> {
  for (let left = transactions; left > 0; left -= TOGETHER)
    if (!sent.write(lines(Math.min(left, TOGETHER), books))) await once(sent, 'drain')
  sent.end()
}

async function read(answer: IncomingMessage, refused: string[]): Promise<number> {
  let accepted = 0
  let rest = ''
  for await (const piece of answer.setEncoding('latin1') as AsyncIterable<string>) {
    const all = (rest + piece).split('\n')
    rest = all.pop() ?? ''
    for (const each of all)
      if (each.includes(ACCEPTED)) accepted += 1
      else refused.push(each)
  }
  if (rest !== '') refused.push(rest)
  return accepted
}

async function post(transactions: number, books: readonly string[], refused: string[]): Promise<number> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' }
  const sent = request({ port, host: '127.0.0.1', path: '/v1/commands', method: 'POST', headers })
  const answer = once(sent, 'response') as Promise<[IncomingMessage]>
  const written = write(sent, transactions, books)
  const accepted = await read((await answer)[0], refused)
  await written
  return accepted
}

work<SendTask, SendResult>(async ({ transactions, requests, books }) => {
  const refused: string[] = []
  const before = process.cpuUsage()
  const begin_ms = performance.now()
  const each = Math.ceil(transactions / requests)
  const accepted = await Promise.all(Array.from({ length: requests }, () => post(each, books, refused)))
  const { user, system } = process.cpuUsage(before)
  return {
    accepted: accepted.reduce((sum, count) => sum + count, 0),
    run_ms: performance.now() - begin_ms,
    refused: refused.slice(0, 10),
    processor_us: user + system,
  }
})
process.once('SIGTERM', () => process.exit(0))
