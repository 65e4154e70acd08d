import { once } from 'node:events'
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo } from 'node:net'
import { getQuietly } from './get-quietly.js'

let server: Server
let answering: RequestListener
let url: string
beforeEach(async () => {
  server = createServer((request, response) => answering(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/quiet`
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

test('an answer is there with its head, and no silence ends it', async () => {
  let response: ServerResponse | undefined
  answering = ({ headers }, into) => {
    response = into
    into.writeHead(headers.authorization === 'Bearer good' ? 200 : 401).flushHeaders()
  }
  const answer = await getQuietly(url, 'good')
  expect(answer.statusCode).toBe(200)
  expect(answer.socket.timeout ?? 0).toBe(0)
  response?.end('late')
  expect(String((await answer.toArray())[0])).toBe('late')
})

test('who reads one that is cut off is told so', async () => {
  answering = (_, response) => void response.writeHead(200).write('begun')
  const answer = await getQuietly(url, 'good')
  const pieces: unknown[] = []
  const reading = (async () => {
    for await (const piece of answer) {
      pieces.push(String(piece))
      server.closeAllConnections()
    }
  })()
  await expect(reading).rejects.toThrow('aborted')
  expect(pieces).toEqual(['begun'])
})

test('a server that is not there is an error', async () => {
  server.close()
  await once(server, 'close')
  await expect(getQuietly(url, 'good')).rejects.toThrow('ECONNREFUSED')
})
