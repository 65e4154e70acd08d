import { execFile } from 'node:child_process'
import { chmod, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const CHUNK = Buffer.alloc(1 << 20)

/** A file system of its own with a bound: a tmpfs, which takes Linux and the right to mount. */
export interface SmallDisk {
  readonly folder: string
  /** Takes every byte that is left. */
  fill(): Promise<void>
  free(): Promise<void>
  close(): Promise<void>
}

/** Can this process mount one? */
export async function canMount(): Promise<boolean> {
  return smallDisk(1).then(
    (disk) => disk.close().then(() => true),
    () => false,
  )
}

/** @throws Error where nothing can be mounted. */
export async function smallDisk(size_mb: number): Promise<SmallDisk> {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-disk-'))
  const ballast = join(folder, 'ballast')
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${size_mb}m,mode=0755`, 'headwater-faults', folder])
  } catch (cause) {
    await rm(folder, { recursive: true, force: true })
    throw new Error('a disk that can be filled is a mounted tmpfs: run this as root, on Linux', { cause })
  }
  await chmod(folder, 0o755)
  return {
    folder,
    fill: async () => {
      const file = await open(ballast, 'a')
      try {
        for (let size = CHUNK.length; size > 0;) {
          const written = await file.write(CHUNK, 0, size).then(
            ({ bytesWritten }) => bytesWritten,
            () => 0,
          )
          if (written < size) size = written > 0 ? size : Math.floor(size / 2)
        }
      } finally {
        await file.close()
      }
    },
    free: () => rm(ballast, { force: true }),
    close: async () => {
      await run('umount', [folder])
      await rm(folder, { recursive: true, force: true })
    },
  }
}
