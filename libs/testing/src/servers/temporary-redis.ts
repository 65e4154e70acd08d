import { embeddedRedis } from '#local-runtime'
import { removedWithMe, temporaryFolder } from './ends-with-me.js'
import { freePort } from './free-port.js'
import { serverProcess, type ServerProcess } from './server-process.js'

/** A Redis server of its own, as the product runs it, for measurements and faults that nobody else should notice. */
export interface TemporaryRedis extends ServerProcess {
  readonly url: string
  /** Stops it and removes its folder. */
  drop(): Promise<void>
}

/** @param own folder, which it makes and removes; default one among the temporary files. */
export async function temporaryRedis(own?: string): Promise<TemporaryRedis> {
  const { folder, remove } = own === undefined ? temporaryFolder('redis') : removedWithMe(own)
  const { component, url } = embeddedRedis(folder, await freePort(), 'of-a-server-that-is-gone-in-a-minute')
  await component.prepare()
  const server = serverProcess({
    name: 'Redis',
    launch: () => component.launch(),
    stopSignal: component.stopSignal,
    endSignal: 'SIGKILL',
    answers: async () => (await component.check()).reason === undefined,
  })
  await server.start()
  return {
    ...server,
    url,
    drop: async () => {
      server.resume()
      await server.stop()
      await remove()
    },
  }
}
