/** Nobody answered in time: what became of the call is unknown, and the client that made it is not trusted any more. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
}

/** The client's own deadlines do not cover every call: each gets a timer of ours. @throws NoAnswer when it runs out. */
export async function within<T>(ms: number, what: string, call: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NoAnswer(`${what}: no answer within ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([call, late])
  } finally {
    clearTimeout(timer)
  }
}
