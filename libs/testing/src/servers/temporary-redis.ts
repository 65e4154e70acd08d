import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { embeddedRedis } from '#local-runtime'
import { freePort } from './free-port.js'
import { serverProcess, type ServerProcess } from './server-process.js'

/** A Redis server of its own, as the product runs it, for measurements and faults that nobody else should notice. */
export interface TemporaryRedis extends ServerProcess {
  readonly url: string
  /** Stops it and removes its folder. */
  drop(): Promise<void>
}

/** @param folder of its own, which it makes and removes; default one among the temporary files. */
export async function temporaryRedis(folder?: string): Promise<TemporaryRedis> {
  folder ??= await mkdtemp(join(tmpdir(), 'headwater-redis-'))
  const { component, url } = embeddedRedis(folder, await freePort(), 'of-a-server-that-is-gone-in-a-minute')
  await component.prepare()
  const server = serverProcess(
    'Redis',
    () => component.launch(),
    component.stopSignal,
    async () => (await component.check()).reason === undefined,
  )
  await server.start()
  return {
    ...server,
    url,
    drop: async () => {
      server.resume()
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
