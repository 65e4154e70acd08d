import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo } from 'node:net'
import { BATCH_LINES_MAX, type Outgoing } from './command-batches.js'
import { type SendOptions, sendCommands } from './send-commands.js'

const retry = { attempts_max: 4, delay_ms_first: 1, delay_ms_max: 2, silence_ms_max: 10_000 }
type Answer = (keys: string[], response: ServerResponse, request: IncomingMessage) => void

let server: Server
let script: Answer[]
let seen: string[][]
let url: string

const line = (key: string, status = 201, more: object = {}): string => `${JSON.stringify({ key, status, ...more })}\n`
const agree: Answer = (keys, response) => response.end(keys.map((key) => line(key, 201, { position: '7' })).join(''))
const problem = (code: string): object => ({ problem: { code, detail: code } })

beforeEach(async () => {
  script = []
  seen = []
  server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (part: string) => (body += part))
    request.on('end', () => {
      const keys = body.split('\n').filter(Boolean)
      seen.push(keys.map((each) => (JSON.parse(each) as { key: string }).key))
      ;(script.shift() ?? agree)(seen.at(-1)!, response, request)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(() => new Promise((resolve) => server.close(resolve)))

async function* commands(...keys: string[]): AsyncGenerator<Outgoing<string>> {
  for (const key of keys) yield await Promise.resolve({ key, about: key, line: JSON.stringify({ key }) })
}

/** Sends them and answers what was said of each, in the order in which it was settled. */
async function send(source: AsyncIterable<Outgoing<string>>, more: Partial<SendOptions> = {}): Promise<string[]> {
  const settled: string[] = []
  const options = { commandsUrl: url, token: () => Promise.resolve('t'), retry, ...more }
  await sendCommands(source, options, (about, result) => {
    settled.push(`${about} ${result.kind === 'done' ? 'done' : String(result.status)}`)
  })
  return settled
}

test('what was not answered when the connection broke is sent again, and nothing else', async () => {
  script = [(_, response) => response.write(`${line('a')}{"key":"b"`, () => response.destroy())]
  expect(await send(commands('a', 'b', 'c'))).toEqual(['a done', 'b done', 'c done'])
  expect(seen).toEqual([
    ['a', 'b', 'c'],
    ['b', 'c'],
  ])
})

test('what was refused behind a command that must wait is asked again with it', async () => {
  const busy = line('b', 503, problem('overloaded')) + line('c', 422, problem('account-not-open')) + line('d')
  script = [(_, response) => response.end(line('a', 409, problem('book-exists')) + busy)]
  expect(await send(commands('a', 'b', 'c', 'd'))).toEqual(['a 409', 'd done', 'b done', 'c done'])
  expect(seen[1]).toEqual(['b', 'c'])
})

test('a server that stays away is given up after a bounded number of tries', async () => {
  script = Array<Answer>(9).fill((_, response) => response.writeHead(503, { 'retry-after': '0' }).end())
  const onRetry = jest.fn()
  await expect(send(commands('a'), { onRetry })).rejects.toThrow(/gave up after 4 tries/)
  expect(seen).toHaveLength(4)
  expect(onRetry).toHaveBeenCalledTimes(3)
})

test('a token that has just expired is asked for anew, once', async () => {
  const refuse: Answer = (_, response) => response.writeHead(401).end('{"code": "unauthorized", "detail": "expired"}')
  script = [refuse]
  const token = jest.fn().mockResolvedValue('t')
  expect(await send(commands('a'), { token })).toEqual(['a done'])
  expect(token).toHaveBeenCalledTimes(2)
  script = [refuse, refuse]
  await expect(send(commands('a'))).rejects.toThrow('expired (unauthorized, 401)')
})

test('when the token expires in the midst of the answers, the rest is sent again with another one', async () => {
  const ended = `${JSON.stringify({ key: null, status: 401, ...problem('unauthorized') })}\n`
  script = [
    (_, response) => response.end(line('a') + ended),
    (_, response) => response.end(line('b') + line('c') + ended),
  ]
  const onRetry = jest.fn()
  expect(await send(commands('a', 'b', 'c'), { onRetry })).toEqual(['a done', 'b done', 'c done'])
  expect(seen).toEqual([
    ['a', 'b', 'c'],
    ['b', 'c'],
  ])
  expect(onRetry.mock.calls).toEqual([[expect.stringContaining('401'), 1]])
})

test('an answer to nothing is refused', async () => {
  script = [(_, response) => response.end(line('a') + line('b'))]
  await expect(send(commands('a'))).rejects.toThrow('more answers than commands')
})

test('answers about another command are not guessed at', async () => {
  script = [(_, response) => response.end(line('b'))]
  await expect(send(commands('a', 'b'))).rejects.toThrow('the answer is about "b" where "a" was next')
})

test('no more is read than one batch while nothing is answered', async () => {
  let taken = 0
  async function* endless(): AsyncGenerator<Outgoing<string>> {
    for (const key of Array.from({ length: 3 * BATCH_LINES_MAX }, (_, i) => `k${i}`)) {
      taken++
      yield await Promise.resolve({ key, about: key, line: JSON.stringify({ key }) })
    }
  }
  const takenWhenAsked: number[] = []
  const noting: Answer = (keys, response, request) => {
    takenWhenAsked.push(taken)
    agree(keys, response, request)
  }
  script = [noting, noting, noting]
  expect(await send(endless())).toHaveLength(3 * BATCH_LINES_MAX)
  expect(takenWhenAsked).toEqual([1, 2, 3].map((n) => Math.min(n * BATCH_LINES_MAX + 1, 3 * BATCH_LINES_MAX)))
})

test('answers are told as they come, and the signal ends the wait for the rest', async () => {
  const controller = new AbortController()
  script = [(_, response) => response.write(line('a'))]
  const settled: string[] = []
  const options = { commandsUrl: url, token: () => Promise.resolve('t'), retry, signal: controller.signal }
  const sending = sendCommands(commands('a', 'b'), options, (about) => {
    settled.push(about)
    controller.abort()
  })
  await expect(sending).rejects.toThrow(/abort/i)
  expect(settled).toEqual(['a'])
})
