import 'reflect-metadata'
import { append } from './append/append.js'
import { bulk } from './bulk/bulk.js'
import { command } from './command/command.js'
import { project } from './project/project.js'
import { query } from './query/query.js'
import { live } from './live/live.js'
import { type Report } from './support/report.js'
import { visible } from './visible/visible.js'

/** Every benchmark: measures ours, its peers and its limit in one run. */
const BENCHMARKS: Readonly<Record<string, (args: readonly string[]) => Promise<Report>>> = {
  append,
  bulk,
  command,
  project,
  query,
  live,
  visible,
}

// Whoever interrupts a measurement leaves no server behind: what was started ends with this process.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const [name = '', ...args] = process.argv.slice(2)
const run = Object.hasOwn(BENCHMARKS, name) ? BENCHMARKS[name] : undefined
if (run) process.stdout.write(`${JSON.stringify({ bench: name, ...(await run(args)) })}\n`)
else {
  process.stderr.write(`npm run bench -- NAME, where NAME is one of: ${Object.keys(BENCHMARKS).join(', ')}\n`)
  process.exitCode = 1
}
