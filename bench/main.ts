import 'reflect-metadata'
import { append } from './append/append.js'
import { type Report } from './support/report.js'

/** Every benchmark: measures ours, its peers and its limit in one run. */
const BENCHMARKS: Readonly<Record<string, (args: readonly string[]) => Promise<Report>>> = { append }

const [name = '', ...args] = process.argv.slice(2)
const run = Object.hasOwn(BENCHMARKS, name) ? BENCHMARKS[name] : undefined
if (run) process.stdout.write(`${JSON.stringify({ bench: name, ...(await run(args)) })}\n`)
else {
  process.stderr.write(`npm run bench -- NAME, where NAME is one of: ${Object.keys(BENCHMARKS).join(', ')}\n`)
  process.exitCode = 1
}
