import { watch } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { writeFileAtomically } from '#runtime'
import { type Logger, silent } from '../logger.js'
import { AllowList, type AllowListContent } from './allow-list.js'
import { parseAllowList } from './parse-allow-list.js'

/** Notifications of a file system may be lost (network folders, containers): look by oneself as often. */
const POLL_MS = 500

/** @throws Error when the file is missing or is no allow-list; it says where and why. */
export async function loadAllowList(file: string): Promise<AllowList> {
  return new AllowList(await readAllowList(file))
}

/** Writes `{ "version": "7", "entries": [{ "spki", "role", "instance" }] }` atomically. */
export async function saveAllowList(file: string, content: AllowListContent): Promise<void> {
  const json = { version: String(content.version), entries: content.entries }
  await writeFileAtomically(file, `${JSON.stringify(json, undefined, 2)}\n`, 0o644)
}

/**
 * Keeps the list equal to the file: a change is in force within milliseconds, at most about half a second later. A
 * file that is missing, damaged or older changes nothing (fail static) and is logged once.
 *
 * @returns how to stop. Does not keep the process alive.
 */
export function watchAllowList(file: string, list: AllowList, logger: Logger = silent): () => void {
  let complained = ''
  let reading = false
  const reload = async (): Promise<void> => {
    if (reading) return
    reading = true
    try {
      const content = await readAllowList(file)
      if (content.version !== list.version)
        logger.info({ file, version: String(content.version) }, 'allow-list changed')
      list.replace(content)
      complained = ''
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (reason !== complained)
        logger.error({ file, reason }, 'allow-list not taken over, the last one stays in force')
      complained = reason
    } finally {
      reading = false
    }
  }
  const timer = setInterval(() => void reload(), POLL_MS).unref()
  const stopWatching = watchFolder(file, () => void reload(), logger)
  void reload()
  return () => {
    clearInterval(timer)
    stopWatching()
  }
}

/** The folder, not the file: an atomic write replaces the file, and a watch on the old one goes silent. */
function watchFolder(file: string, changed: () => void, logger: Logger): () => void {
  try {
    const watcher = watch(dirname(file), { persistent: false }, (_event, name) => {
      if (name === basename(file)) changed()
    })
    watcher.on('error', (error) => logger.warn({ file, reason: error.message }, 'allow-list is polled only'))
    return () => watcher.close()
  } catch (error) {
    logger.warn({ file, reason: String(error) }, 'allow-list is polled only')
    return () => undefined
  }
}

async function readAllowList(file: string): Promise<AllowListContent> {
  return parseAllowList(await readFile(file, 'utf8'), file)
}
