import 'reflect-metadata'
import { append } from './append/append.js'
import { bulk } from './bulk/bulk.js'
import { command } from './command/command.js'
import { project } from './project/project.js'
import { query } from './query/query.js'
import { live } from './live/live.js'
import { type Benchmark } from './support/benchmark.js'
import { UsageError } from './support/options.js'
import { visible } from './visible/visible.js'

const BENCHMARKS: Readonly<Record<string, Benchmark>> = { append, bulk, command, project, query, live, visible }

// Whoever interrupts a measurement leaves nothing behind: what was started, and its folders, end with this process. More signals
// while that is under way, as Ctrl-C sends them through npm, change nothing.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1))

const [name = '', ...args] = process.argv.slice(2)
try {
  const run = Object.hasOwn(BENCHMARKS, name) ? BENCHMARKS[name] : undefined
  if (!run) {
    const complaint = name === '' ? '' : `there is no benchmark "${name}"; `
    throw new UsageError(`${complaint}NAME is one of ${Object.keys(BENCHMARKS).join(', ')}`)
  }
  process.stdout.write(`${JSON.stringify({ bench: name, ...(await run(args)) })}\n`)
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  process.stderr.write(`npm run bench -- ${name || 'NAME'}: ${error.message}\n`)
  process.exitCode = 2
}
