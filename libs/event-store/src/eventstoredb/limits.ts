import { DEFAULT_LIMITS, type StoreCapabilities, type StoreLimits } from '../port.js'

/** The server's own default for all of an append (`MaxAppendSize`), less what it adds. */
const APPEND_BYTES_MAX = 1_048_576 - 8_192

export const EVENTSTOREDB_LIMITS: StoreLimits = {
  ...DEFAULT_LIMITS,
  event_size_bytes: 1_000_000,
  append_size_bytes: APPEND_BYTES_MAX,
}

export const EVENTSTOREDB_CAPABILITIES: StoreCapabilities = {
  gapFreePositions: false,
  multiStreamAppends: false,
  claims: true,
}
