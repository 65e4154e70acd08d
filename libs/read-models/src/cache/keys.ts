/** Names in Redis. What belongs to a generation is dropped with it: nothing there outlives a gap. */
export const STATE_KEY = 'hw:rm:state'
export const feedKey = (generation: string): string => `hw:rm:${generation}:feed`
export const rowKeyPrefix = 'hw:rm:'
