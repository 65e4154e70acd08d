import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { domains } from '#domains'
import { PROBLEMS } from '#runtime'

/** An entry: its heading, its status, what it means, and what to do about it. */
const ENTRY = /^### `([a-z-]+)`\n\n\*\*(\d{3})\.\*\* \S[^#]*?\n\nRemedy: \S/gm

const root = join(__dirname, '../../..')
/** The system's page, and what a domain's own folder says about its rejections. */
const pages = ['docs/errors.md', ...domains.map(({ name }) => `libs/${name}/errors.md`)].map((path) => join(root, path))
const page = pages
  .filter((path) => existsSync(path))
  .map((path) => readFileSync(path, 'utf8'))
  .join('\n')
const headings = [...page.matchAll(/^### (.*)$/gm)].map(([, heading]) => heading)
const documented = [...page.matchAll(ENTRY)].map(([, code, status]) => `${code} ${status}`)

/** Every code that a client can be refused with, once for each status that it is declared with. */
const declared = new Set([
  ...Object.entries(PROBLEMS).map(([code, { status }]) => `${code} ${status}`),
  ...domains
    .flatMap(({ commands }) => commands.flatMap(({ rejections }) => Object.entries(rejections)))
    .map(([code, status]) => `${code} ${status}`),
])

test('every entry has a status, a meaning and a remedy', () => {
  expect(documented.map((entry) => `\`${entry.split(' ')[0] ?? ''}\``)).toEqual(headings)
})

test('every code that the system or an installed domain answers is documented with its status', () => {
  expect([...declared].filter((entry) => !documented.includes(entry))).toEqual([])
})

test('every documented code exists with that status, and is documented once', () => {
  expect(documented.filter((entry) => !declared.has(entry))).toEqual([])
  expect(new Set(headings).size).toBe(headings.length)
})

test('no code is declared with two statuses', () => {
  const codes = [...declared].map((entry) => entry.split(' ')[0])
  expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([])
})
