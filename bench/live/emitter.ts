import { Server } from 'socket.io'
import { sharedClock_ms } from '#testing'
import { bookPath } from '../support/books.js'
import { type Acknowledged, type CommandsTask } from '../support/post-commands.js'
import { paced } from '../support/paced.js'
import { work, workerArgument } from '../support/workers.js'
import { redisAdapter } from './peer/adapter.js'

export interface EmitterArgument {
  readonly redisUrl: string
  /** As much data as ours sends. */
  readonly data: object
}

const { redisUrl, data } = workerArgument<EmitterArgument>()
// Another server of the same cluster, which has no sockets of its own: what a process does that learns of an event.
const io = new Server({ adapter: await redisAdapter(redisUrl) })
let total = 0

work<CommandsTask, Acknowledged>(async (task) => {
  const { per_s, run_ms, books } = task
  const positions: number[] = []
  const sent_ms: number[] = []
  const ofBook: number[] = []
  await paced(per_s, run_ms, (ordinal) => {
    total += 1
    const position = String(total)
    sent_ms.push(sharedClock_ms())
    positions.push(total)
    ofBook.push(ordinal % books)
    io.to(bookPath(ordinal % books)).emit('change', { subscription: 's1', position, data })
  })
  // Nobody acknowledges: what it does is done when it has sent.
  return { positions, books: ofBook, sent_ms, acked_ms: sent_ms, reached_per_s: task.per_s }
})
process.once('SIGTERM', () => process.exit(0))
