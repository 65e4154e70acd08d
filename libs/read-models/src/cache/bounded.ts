/**
 * Waits for what Redis says, so many ms at most. An answer that has come while this process was busy counts: after the time one more turn is
 * given to take it. What comes later is dropped, errors too.
 *
 * @throws Error when it took longer; what `answer` throws.
 */
export async function bounded<T>(answer: Promise<T>, ms_max: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const give = (): void => reject(new Error(`Redis did not answer within ${ms_max} ms`))
    const timer = setTimeout(() => setImmediate(() => setImmediate(give)), ms_max)
    answer.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
