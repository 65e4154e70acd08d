import { type ChildProcess, spawn } from 'node:child_process'
import { pipeline } from 'node:stream/promises'
import { ImportFailure } from './import-failure.js'

/** How much of what hledger says on stderr is kept for the message, in characters. */
const COMPLAINT_CHARS_MAX = 4_096

/** `hledger print -O json -f FILE`, as a user would type it. */
export function hledgerCommand(file: string): string {
  const quoted = /^[\w./@%+=:,-]+$/.test(file) ? file : `'${file.replaceAll("'", `'\\''`)}'`
  return `hledger print -O json -f ${quoted}`
}

export interface HledgerInput {
  /** The journal's path; hledger then finds what it includes. Without it the journal is handed over on standard input. */
  readonly file?: string
  readonly journal?: AsyncIterable<Uint8Array>
  readonly signal?: AbortSignal | undefined
}

type End =
  | { readonly kind: 'not-run'; readonly error: Error }
  | { readonly kind: 'exit'; readonly status: number | NodeJS.Signals }

/**
 * Pipes a plain journal through an installed hledger, as fast as its output is read.
 *
 * @throws ImportFailure with the exact command when hledger is not installed, with hledger's words when it fails.
 * @throws what `journal` throws: hledger is stopped then, lest it takes half a journal for a whole one.
 * @throws AbortError when the signal fires; hledger is stopped then, as it is when the reader stops early.
 */
export async function* runHledger({ file, journal, signal }: HledgerInput): AsyncGenerator<Uint8Array> {
  const child = spawn('hledger', ['print', '-O', 'json', '-f', file ?? '-'], {
    env: utf8Environment(),
    ...(signal ? { signal } : {}),
  })
  const ended = new Promise<End>((resolve) => {
    child.once('error', (error) => resolve({ kind: 'not-run', error }))
    child.once('close', (code, killedBy) => resolve({ kind: 'exit', status: code ?? killedBy ?? 1 }))
  })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    complaint = (complaint + part).slice(0, COMPLAINT_CHARS_MAX)
  })
  const broken: unknown[] = []
  // That hledger stops reading early is told by its exit status and its words, not by the broken pipe.
  if (journal === undefined) child.stdin.end()
  else pipeline(watched(journal, child, broken), child.stdin).catch(() => undefined)
  try {
    yield* child.stdout as AsyncIterable<Uint8Array>
    const end = await ended
    if (broken.length > 0) throw broken[0]
    if (end.kind === 'not-run') throw notRun(file, end.error)
    if (end.status === 0) return
    throw new ImportFailure(`${hledgerCommand(file ?? '-')} failed (${end.status}): ${complaint.trim()}`)
  } finally {
    child.kill()
  }
}

/** Keeps what the journal throws, and stops hledger before its input closes: an end of input would look like the journal's. */
async function* watched(
  journal: AsyncIterable<Uint8Array>,
  child: ChildProcess,
  broken: unknown[],
): AsyncGenerator<Uint8Array> {
  try {
    yield* journal
  } catch (error) {
    broken.push(error)
    child.kill()
    throw error
  }
}

function notRun(file: string | undefined, error: NodeJS.ErrnoException): Error {
  if (error.code !== 'ENOENT') return error
  return new ImportFailure(
    'this is not JSON, and hledger, which would turn a journal into it, is not installed. ' +
      `Where it is, run: ${hledgerCommand(file ?? 'FILE')} and import what it prints`,
  )
}

/** hledger reads files in the locale's encoding and stops at the first accent when that is plain C. */
function utf8Environment(): NodeJS.ProcessEnv {
  const { LC_ALL, LC_CTYPE, LANG } = process.env
  const inForce = [LC_ALL, LC_CTYPE, LANG].find((value) => value !== undefined && value !== '')
  return /utf-?8/i.test(inForce ?? '') ? process.env : { ...process.env, LC_ALL: 'C.UTF-8' }
}
