/**
 * Waits for an answer, so many ms at most. One that has come while this process was busy counts: after the time one more turn is
 * given to take it. What comes later is dropped, errors too.
 *
 * @param who is to answer. @throws Error when it took longer; what `answer` throws.
 */
export async function bounded<T>(answer: Promise<T>, ms_max: number, who: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const give = (): void => reject(new Error(`${who} did not answer within ${ms_max} ms`))
    const timer = setTimeout(() => setImmediate(() => setImmediate(give)), ms_max)
    answer.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
