import { portsFrom, urlsOf } from '#local-runtime'
import { Random } from '#testing'
import { type Http, type HttpAnswer } from '../load/http.js'
import { Poster } from '../load/poster.js'
import { recovered } from './recovered.js'
import { Roll } from './roll.js'

/** Opens a book, and answers what is posted to it so. */
function httpThat(status: number): Http {
  const answered = (of: number): HttpAnswer => {
    const body = { stream: 'book-b', revision: '0', position: '1' }
    return { status: of, body, text: JSON.stringify(body), header: () => null }
  }
  const post = async (path: string): Promise<HttpAnswer> =>
    Promise.resolve(answered(path.endsWith('/transactions') ? status : 201))
  return { post } as unknown as Http
}

const READY = { ready: true, position: '0', urls: urlsOf(portsFrom(7_400)), instances: [] }
const system = { status: async () => Promise.resolve(READY) }
const NOW = { at_ms: 0, healed_ms: 0 }

test('a command that is refused for good is named at once: nobody waits for its acknowledgement', async () => {
  const poster = new Poster('b', httpThat(409), new Random(1))
  await poster.open()
  poster.start()
  const load = {
    get failure() {
      return poster.failure
    },
    missingSince: () => 'b: no acknowledgement',
  }
  const waiting = recovered({ system, loads: [load], roll: new Roll() }, NOW, 'nothing')
  await expect(waiting).rejects.toThrow('b: 0 was answered 409')
})

test('a poster that is given up ends, though nobody answers it any more', async () => {
  const poster = new Poster('b', httpThat(503), new Random(1))
  await poster.open()
  poster.start()
  poster.giveUp()
  await expect(poster.end()).rejects.toThrow('b: 0 was given up')
})
