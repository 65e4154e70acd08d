import { type Logger } from '#runtime'
import { Connections } from './connections.js'

let shared: { readonly url: string; readonly connections: Connections; users: number } | undefined

/**
 * The connections that this process appends over. The client keeps the promises of all appends of a process in one table, whatever
 * client object they were made with: a connection that breaks fails the appends of every other, and their answers, when
 * they come, end the process. So there is one appending client at a time in a process, and one cluster.
 *
 * @throws Error for a second cluster while the first is in use.
 */
export function sharedAppends(url: string, logger: Logger): { connections: Connections; close(): Promise<void> } {
  if (shared && shared.url !== url) throw new Error('a process can append to one EventStoreDB cluster only')
  const mine = (shared ??= { url, connections: new Connections(url, logger), users: 0 })
  mine.users += 1
  return {
    connections: mine.connections,
    close: async () => {
      mine.users -= 1
      if (mine.users > 0) return
      await mine.connections.close()
      if (shared === mine) shared = undefined
    },
  }
}
