import { type Acknowledged, CommandPoster, type CommandsTask } from './post-commands.js'
import { work, workerArgument } from './workers.js'

export interface CommandsArgument {
  readonly port: number
  readonly token: string
}

const { port, token } = workerArgument<CommandsArgument>()
const poster = new CommandPoster(port, token)

work<CommandsTask, Acknowledged>((task) => poster.run(task))
process.once('SIGTERM', () => process.exit(0))
