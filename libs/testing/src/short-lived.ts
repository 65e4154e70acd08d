/**
 * Begins with a token that will soon have expired: with the shortest life, of 2 to 32 s, in which a slow machine comes so far.
 *
 * @param begin given the life in s. @returns undefined when the token had expired too soon.
 */
export async function shortLived<T>(begin: (ttl_s: number) => Promise<T | undefined>): Promise<T> {
  for (let ttl_s = 2; ttl_s <= 32; ttl_s *= 2) {
    const begun = await begin(ttl_s)
    if (begun !== undefined) return begun
  }
  throw new Error('every token had expired before anything was begun with it')
}
