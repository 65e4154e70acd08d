/** Nobody answered in time: what became of the call is unknown, and the client that made it is not trusted any more. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
}

/**
 * The client's own deadlines do not cover every call: each gets a timer of ours.
 *
 * @param begin makes the call; it may say again and again that something has come, and then as much time is left as in the beginning.
 * @throws NoAnswer when nothing has come for so long.
 */
export async function within<T>(ms: number, what: string, begin: (goesOn: () => void) => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NoAnswer(`${what}: no answer within ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([begin(() => timer?.refresh()), late])
  } finally {
    clearTimeout(timer)
  }
}
