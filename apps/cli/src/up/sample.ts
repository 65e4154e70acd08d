import { type Status } from '../controller-client.js'
import { type Local } from '../local.js'

/** Replaced below by the importer's call. */
export async function importSample(_local: Local, _status: Status, _signal: AbortSignal): Promise<void> {
  return Promise.resolve()
}
