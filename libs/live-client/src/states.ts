/**
 * `connecting` until the first connection, `live` while connected, `reconnecting` from one connection to the next, `closed`
 * for ever after `close()` or a refusal that trying again does not mend.
 */
export type LiveState = 'connecting' | 'live' | 'reconnecting' | 'closed'
