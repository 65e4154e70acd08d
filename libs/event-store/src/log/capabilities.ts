import { type StoreCapabilities } from '../port.js'

/** Of the log that our own writer makes, wherever it is kept and whoever reaches it. */
export const LOG_CAPABILITIES: StoreCapabilities = {
  gapFreePositions: true,
  multiStreamAppends: true,
  claims: true,
}
