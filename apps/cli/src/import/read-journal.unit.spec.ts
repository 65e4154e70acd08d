import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type JournalTransaction } from './journal-transaction.js'
import { type JournalInput, namedInput } from './open-journal.js'
import { readJournal } from './read-journal.js'

const DATA = resolve(process.cwd(), '../shared/data/hledger')
const PATH = process.env['PATH']
const folder = mkdtempSync(join(tmpdir(), 'headwater-journal-'))

afterEach(() => {
  process.env['PATH'] = PATH
})
afterAll(() => rmSync(folder, { recursive: true }))

async function read(input: JournalInput): Promise<JournalTransaction[]> {
  const found: JournalTransaction[] = []
  for await (const each of readJournal(input)) found.push(each)
  return found
}

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size))
}

const named = (text: string | Buffer, size = 7): JournalInput => ({
  name: 'it',
  bytes: pieces(Buffer.from(text), size),
})

/** Puts a program called hledger, and nothing else but the system's shell, on the PATH. */
function install(script: string): void {
  const file = join(folder, 'hledger')
  writeFileSync(file, `#!/bin/sh\n${script}\n`)
  chmodSync(file, 0o755)
  process.env['PATH'] = `${folder}:/usr/bin:/bin`
}

function uninstall(): void {
  process.env['PATH'] = join(folder, 'nothing-here')
}

const JOURNAL = '2026-11-23 x\n  a  1 EUR\n  b\n'
const silence: AsyncIterable<Uint8Array> = pieces(Buffer.alloc(0), 1)

test.each([
  ['sample', 5, 11],
  ['Cody', 44, 89],
  ['multicurrency', 4, 8],
  ['1ktxns-100accts', 1000, 2000],
])('%s holds %i transactions with %i postings', async (name, transactions, postings) => {
  const found = await read(namedInput(join(DATA, `${name}.json`), silence))
  expect(found).toHaveLength(transactions)
  expect(found.flatMap((each) => each.postings)).toHaveLength(postings)
})

test.each([1, 2, 3, 64])('pieces of %i bytes, a byte order mark and blank lines change nothing', async (size) => {
  const text = readFileSync(join(DATA, 'multicurrency.json'), 'utf8').replaceAll('Random gift', 'Geschenk 🎁')
  const found = await read(named(`\uFEFF\n\n${text}\n`, size))
  expect(found).toEqual(await read(named(text, text.length)))
  expect(found[1]?.description).toBe('Geschenk 🎁')
})

test.each([
  ['', 'it: the input is empty: no JSON array was found'],
  [' \n ', 'it: the input is empty: no JSON array was found'],
  ['{"tdate": 1}', 'it: line 1, column 1 (character 1): expected a JSON array, which starts with ['],
  [
    '[\n {"tdate": 1}]',
    'it: line 2, column 2 (character 4), transaction 1: tdate must be a string, and is the number 1',
  ],
  ['[7]', 'it: line 1, column 2 (character 2), transaction 1: it must be an object, and is the number 7'],
])('%j is refused with its place', (text, message) => expect(read(named(text))).rejects.toThrow(message))

test('what is not JSON, not UTF-8 or not there is told apart', async () => {
  await expect(read(named('[{"a": nope}]'))).rejects.toThrow(/^it: line 1, column 8 .*transaction 1/)
  await expect(read(named(Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d]), 1))).rejects.toThrow(
    'it: bytes 2-3: the text is not UTF-8',
  )
  const missing = join(folder, 'missing.json')
  await expect(read(namedInput(missing, silence))).rejects.toThrow(/missing\.json cannot be read: ENOENT/)
})

test('a plain journal that is a file is named to hledger, so that its includes are found', async () => {
  const file = join(folder, 'my books.journal')
  writeFileSync(file, JOURNAL)
  const says = join(folder, 'arguments')
  install(`echo "$@" > '${says}'; cat '${join(DATA, 'sample.json')}'`)
  expect(await read(namedInput(file, silence))).toHaveLength(5)
  expect(readFileSync(says, 'utf8')).toBe(`print -O json -f ${file}\n`)
})

test('a plain journal that is a stream is piped through hledger, byte for byte', async () => {
  const got = join(folder, 'got')
  install(`cat > '${got}'; cat '${join(DATA, 'sample.json')}'`)
  expect(await read(named(JOURNAL, 1))).toHaveLength(5)
  expect(readFileSync(got, 'utf8')).toBe(JOURNAL)
})

test('without hledger the message says the command, also while the source is silent', async () => {
  uninstall()
  const file = join(folder, 'my.journal')
  writeFileSync(file, JOURNAL)
  await expect(read(namedInput(file, silence))).rejects.toThrow(`run: hledger print -O json -f ${file} and import`)
  async function* typed(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(JOURNAL)
    await new Promise(() => undefined)
  }
  await expect(read({ name: 'it', bytes: typed() })).rejects.toThrow('run: hledger print -O json -f FILE and import')
})

test('hledger’s own complaint is passed on', async () => {
  install('cat > /dev/null; echo "line 3: unexpected nonsense" >&2; exit 3')
  await expect(read(named(JOURNAL))).rejects.toThrow(/-f - failed \(3\): line 3: unexpected nonsense/)
})

test('a journal that breaks off on its way to hledger is not taken for a whole one', async () => {
  install(`cat > /dev/null; cat '${join(DATA, 'sample.json')}'`)
  async function* breaking(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(JOURNAL)
    await Promise.reject(new Error('the disk is gone'))
  }
  await expect(read({ name: 'it', bytes: breaking() })).rejects.toThrow('the disk is gone')
})

test('the signal ends it while hledger works', async () => {
  install('exec sleep 600')
  const controller = new AbortController()
  const reading = read({ ...named(JOURNAL), signal: controller.signal })
  setImmediate(() => controller.abort())
  await expect(reading).rejects.toThrow(/abort/i)
})
