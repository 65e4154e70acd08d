/** Names in Redis. What belongs to a generation is dropped with it: nothing there outlives a gap. */
export const STATE_KEY = 'hw:rm:state'
export const feedKey = (generation: string): string => `hw:rm:${generation}:feed`
/** Every row of every generation. */
export const ROW_KEYS = 'hw:rm:*:row:*'
