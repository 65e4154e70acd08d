import { join } from 'node:path'
import { nodeArgs } from '#local-runtime'
import { projectRoot } from '#runtime'
import { environmentOf, eventually, freePort, type RunningSystem } from '#testing'
import { Child } from '../../arena/child.js'
import { PATIENCE_MS } from '../../arena/patience.js'

/** A projector beside the one of the system, so that there is somebody to take over the lanes of one that is paused or dead. */
export class SecondProjector {
  private constructor(readonly child: Child) {}

  /** As the system's own is run, under another name. @throws Error when it does not become ready. */
  static async start(system: RunningSystem): Promise<SecondProjector> {
    const theirs = await environmentOf(system.pidOf('projector-1'))
    const port = await freePort()
    const child = new Child({
      name: 'projector-2',
      module: join(projectRoot(), 'dist', 'apps', 'projector', 'src', 'main.js'),
      nodeArgs: [
        ...nodeArgs('projector'),
        '--import',
        join(projectRoot(), 'dist', 'faults', 'arena', 'die-with-parent.js'),
      ],
      env: { ...theirs, HEADWATER_INSTANCE: 'projector-2', HEADWATER_PORT: String(port) },
      log: join(system.folder, 'projector-2.log'),
    })
    const isReady = async (): Promise<boolean> =>
      (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined))?.status === 200
    await eventually('the second projector is ready', isReady, { timeout_ms: PATIENCE_MS }).catch(
      async (error: unknown) => {
        await child.kill()
        throw error
      },
    )
    return new SecondProjector(child)
  }

  get pid(): number {
    return this.child.pid
  }

  async kill(): Promise<void> {
    await this.child.kill()
  }
}
