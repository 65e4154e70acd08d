/** @returns why this part is not ready, or undefined when it is. At most {@link CHECK_MS_MAX}. */
export type HealthCheck = () => Promise<string | undefined> | string | undefined

const CHECK_MS_MAX = 2_000

export interface Readiness {
  readonly ready: boolean
  /** By name: `ok`, or the reason why not. */
  readonly checks: Readonly<Record<string, string>>
  /** What else the controller may want to know: who leads, how far a projection is. */
  readonly facts: Readonly<Record<string, string | boolean>>
}

/** What a process needs to be able to do its work; /readyz asks, the balancer and the controller listen. */
export class Health {
  private readonly checks = new Map<string, HealthCheck>()

  private readonly facts = new Map<string, () => string | boolean>()

  /** Tells, beside readiness, something about this process; never a secret. */
  fact(name: string, tell: () => string | boolean): void {
    this.facts.set(name, tell)
  }

  add(name: string, check: HealthCheck): void {
    this.checks.set(name, check)
  }

  async readiness(): Promise<Readiness> {
    const results = await Promise.all(
      [...this.checks].map(async ([name, check]) => [name, await outcome(check)] as const),
    )
    return {
      ready: results.every(([, result]) => result === 'ok'),
      checks: Object.fromEntries(results),
      facts: Object.fromEntries([...this.facts].map(([name, tell]) => [name, tell()])),
    }
  }
}

async function outcome(check: HealthCheck): Promise<string> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${CHECK_MS_MAX} ms`), CHECK_MS_MAX)
  })
  try {
    return (await Promise.race([check(), late])) ?? 'ok'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    clearTimeout(timer)
  }
}
