import { Command } from 'commander'
import { localSettings } from '#local-runtime'
import { reasonOf, settingsText } from '#runtime'
import { eventsTail } from './commands/events-tail.js'
import { importHledgerCommand } from './commands/import-hledger.js'
import { logArchive, logPartitions, logRestore } from './commands/log.js'
import {
  projectionsDecisions,
  projectionsDrop,
  projectionsList,
  projectionsPromote,
  projectionsRebuild,
  projectionsRetry,
  projectionsRollback,
  projectionsSkip,
} from './commands/projections.js'
import { status } from './commands/status.js'
import { token } from './commands/token.js'
import { endWithReader } from './end-with-reader.js'
import { up } from './up/up.js'

const ENVIRONMENT = `
Environment (a URL takes the place of what is embedded):
${settingsText(localSettings)}`

/** Runs one action; what it returns is the exit status. */
function run<A extends unknown[]>(action: (...args: A) => Promise<number>): (...args: A) => Promise<void> {
  return async (...args) => {
    try {
      process.exitCode = await action(...args)
    } catch (error) {
      process.stderr.write(`${reasonOf(error)}\n`)
      process.exitCode = 1
    }
  }
}

const program = new Command('headwater')
  .description('Event-sourced CQRS backend: one serialized writer, read replicas, live subscriptions')
  .addHelpText('after', ENVIRONMENT)
  // Nor in any command below: "token reader" is not to print an operator's token.
  .allowExcessArguments(false)
program.command('up').description('start everything and stay in the foreground; Ctrl-C stops it').action(run(up))
program
  .command('status')
  .description('show every instance; exit 0 only when all are ready')
  .option('--json', 'one JSON object')
  .action(run(status))
program
  .command('token')
  .description('print one bearer token')
  .option('--role <role>', 'reader, writer or operator (default: operator; with --books writer)')
  .option(
    '--books <names>',
    'comma-separated; without it every book. What spans all books, as what operators do, is not for such a token',
  )
  .option('--ttl <seconds>', 'how long it is valid', '3600')
  .action(run(token))
program
  .command('import')
  .description('import data')
  .command('hledger <file>')
  .description('import what "hledger print -O json" writes; FILE, or - for stdin')
  .requiredOption('--book <name>', 'the book to post into; opened if need be')
  .action(run(importHledgerCommand))
program
  .command('events')
  .description('look into the log')
  .command('tail')
  .description('print events as they come')
  .option('--from <position>', 'first position (default: from now on)')
  .option('--limit <n>', 'end after so many')
  .option('--json', 'one JSON object a line')
  .action(run(eventsTail))

const log = program.command('log').description("look after the log's partitions")
log
  .command('partitions')
  .description('list them, oldest first: positions, events, size, age')
  .option('--json', 'one JSON object a line')
  .action(run(logPartitions))
log
  .command('archive')
  .description('write old, full partitions to files and take them out of the log')
  .option('--before <position>', 'all that end before it')
  .option('--partition <name>', 'the oldest, by its name')
  .requiredOption('--to <folder>', 'where the files go')
  .option('--drop', 'drop the tables too: then the files are all there is')
  .action(run(logArchive))
log
  .command('restore <name>')
  .description('put the newest archive back into the log')
  .option('--file <path>', 'where its file is now')
  .action(run(logRestore))

const projections = program.command('projections').description('look after the read models')
projections
  .command('list')
  .description('every build of every projection: which one is read, and how far each is')
  .option('--json', 'one JSON object a line')
  .action(run(projectionsList))
projections
  .command('decisions [name]')
  .description('what operators did: who, when, what; the newest 100, newest first')
  .option('--json', 'one JSON object a line')
  .action(run(projectionsDecisions))
projections
  .command('rebuild <name>')
  .description('build it anew from the log, beside the live one, which goes on')
  .option('--no-promote', 'do not make it the live one when it has caught up')
  .action(run(projectionsRebuild))
projections
  .command('promote <name>')
  .description('make the build that has caught up the live one')
  .action(run(projectionsPromote))
projections
  .command('rollback <name>')
  .description('make the build that was live before the live one again')
  .action(run(projectionsRollback))
projections
  .command('drop <name>')
  .description('throw away a build that is not live, or an earlier version')
  .option('--slot <slot>', 'next, or previous')
  .option('--version <version>', 'instead: all builds of an earlier version, which no projector folds any more')
  .action(run(projectionsDrop))
projections
  .command('retry <name>')
  .description('let a projection that has stopped go on, with the event that stopped it')
  .action(run(projectionsRetry))
projections
  .command('skip <name>')
  .description('let a projection that has stopped go on without the event that stopped it, for ever')
  .requiredOption('--position <position>', 'of that event')
  .action(run(projectionsSkip))

endWithReader(process.stdout, () => process.exit())
await program.parseAsync()
