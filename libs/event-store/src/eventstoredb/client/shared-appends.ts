import { type Logger } from '#runtime'
import { Connections } from './connections.js'
import { Gate } from './gate.js'

/** What all appends of a process go over, and through. */
export interface SharedAppends {
  readonly connections: Connections
  readonly gate: Gate
}

let shared: (SharedAppends & { readonly url: string; users: number }) | undefined

/**
 * The connections that this process appends over, one call for all appends, and the gate before them. The client keeps the promises of all appends of a process in one table, whatever
 * client object they were made with: a connection that breaks fails the appends of every other, and their answers, when
 * they come, end the process. So there is one appending client at a time in a process, and one cluster.
 *
 * @throws Error for a second cluster while the first is in use.
 */
export function sharedAppends(url: string, logger: Logger): SharedAppends & { close(): Promise<void> } {
  if (shared && shared.url !== url) throw new Error('a process can append to one EventStoreDB cluster only')
  const mine = (shared ??= { url, connections: new Connections(url, logger), gate: new Gate(), users: 0 })
  mine.users += 1
  return {
    connections: mine.connections,
    gate: mine.gate,
    close: async () => {
      mine.users -= 1
      if (mine.users > 0) return
      await mine.connections.close()
      if (shared === mine) shared = undefined
    },
  }
}
