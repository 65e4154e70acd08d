import { spawn } from 'node:child_process'
import { type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ImportFailure } from './import-failure.js'

/** How much of what hledger says on stderr is kept for the message, in characters. */
const COMPLAINT_CHARS_MAX = 4_096

/** `hledger -f FILE print -O json`, as a user would type it. */
export function hledgerCommand(input: string): string {
  const file = /^[\w./@%+=:,-]+$/.test(input) ? input : `'${input.replaceAll("'", `'\\''`)}'`
  return `hledger -f ${file} print -O json`
}

/**
 * Pipes a plain journal through an installed hledger. A file is named to it, so that its `include`s are found;
 * standard input is handed over.
 *
 * @param journal the rest of standard input when `input` is `-`.
 * @throws ImportFailure with the exact command when hledger is not installed, with hledger's words when it fails.
 */
export async function* runHledger(input: string, journal?: Readable, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const child = spawn('hledger', ['-f', input, 'print', '-O', 'json'], {
    env: utf8Environment(),
    ...(signal ? { signal } : {}),
  })
  const ended = new Promise<Error | number | NodeJS.Signals>((resolve) => {
    child.once('error', resolve)
    child.once('close', (code, killedBy) => resolve(code ?? killedBy ?? 1))
  })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    complaint = (complaint + part).slice(0, COMPLAINT_CHARS_MAX)
  })
  // That hledger stops reading early is told by its exit status and its words, not by the broken pipe.
  const fed = journal === undefined ? child.stdin.end() : pipeline(journal, child.stdin).catch(() => undefined)
  try {
    yield* child.stdout as AsyncIterable<Uint8Array>
    const end = await ended
    await fed
    if (end === 0) return
    if (end instanceof Error) throw notRun(input, end)
    throw new ImportFailure(`${hledgerCommand(input)} failed (${end}): ${complaint.trim()}`)
  } finally {
    child.kill()
  }
}

function notRun(input: string, error: NodeJS.ErrnoException): Error {
  if (error.code !== 'ENOENT') return error
  const name = input === '-' ? 'standard input' : input
  return new ImportFailure(
    `${name} is not JSON, and hledger, which would turn a journal into it, is not installed. ` +
      `Where it is, run: ${hledgerCommand(input === '-' ? 'FILE' : input)} and import what it prints`,
  )
}

/** hledger reads files in the locale's encoding and stops at the first accent when that is plain C. */
function utf8Environment(): NodeJS.ProcessEnv {
  const { LC_ALL, LC_CTYPE, LANG } = process.env
  const inForce = [LC_ALL, LC_CTYPE, LANG].find((value) => value !== undefined && value !== '')
  return /utf-?8/i.test(inForce ?? '') ? process.env : { ...process.env, LC_ALL: 'C.UTF-8' }
}
