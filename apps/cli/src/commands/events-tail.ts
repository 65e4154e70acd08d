import { text } from 'node:stream/consumers'
import { CliFailure } from '../failure.js'
import { getQuietly } from '../get-quietly.js'
import { local, operatorToken, TOKEN_TTL_S_MAX } from '../local.js'
import { runningProjector } from '../projector.js'
import { splitLines } from '../split-lines.js'

/** Characters of one event as it is told, several times what the log takes of one. */
const LINE_CHARS_MAX = 16 * 1024 * 1024

interface Options {
  readonly from?: string
  readonly limit?: string
  readonly json?: boolean
}

function whole(name: string, value: string | undefined): string | undefined {
  if (value !== undefined && !/^\d{1,18}$/.test(value)) throw new CliFailure(`${name} must be a number, not "${value}"`)
  return value
}

/** Prints events, one a line, and goes on until interrupted; with a limit it ends by itself. */
export async function eventsTail(options: Options): Promise<number> {
  const here = local()
  const projector = await runningProjector(here)
  const query = new URLSearchParams()
  const from = whole('--from', options.from)
  const limit = whole('--limit', options.limit)
  if (from !== undefined) query.set('from', from)
  if (limit !== undefined) query.set('limit', limit)
  const url = `${projector.url}/v1/events?${query.toString()}`
  // A tail ends with its token.
  const token = await operatorToken(here, TOKEN_TTL_S_MAX)
  const answer = await getQuietly(url, token).catch((error: unknown) => {
    throw new CliFailure(`${projector.id} does not answer`, { cause: error })
  })
  if (answer.statusCode !== 200) throw new CliFailure(`the events cannot be read: ${await text(answer)}`)
  answer.setEncoding('utf8')
  let last = ''
  try {
    for await (const { line, unfinished } of splitLines(answer as AsyncIterable<string>, LINE_CHARS_MAX)) {
      if (unfinished || line === '') continue
      if (line.startsWith('{"problem"')) throw new Error(line)
      process.stdout.write(options.json ? `${line}\n` : `${pretty(line)}\n`)
      last = line
    }
  } catch (error) {
    const goOn = last === '' ? '' : `; go on with --from ${nextOf(last)}`
    throw new CliFailure(`${projector.id} no longer tells the events${goOn}`, { cause: error })
  }
  return 0
}

function nextOf(line: string): string {
  const { position } = JSON.parse(line) as { readonly position: string }
  return String(BigInt(position) + 1n)
}

function pretty(line: string): string {
  const { position, stream, revision, type, time, data } = JSON.parse(line) as Record<string, unknown>
  return [position, time, `${String(stream)}@${String(revision)}`, type, JSON.stringify(data)].map(String).join('  ')
}
