import { type Check } from './component.js'

/** What throws is not ready, for that reason. */
export async function checked(run: () => Promise<string | undefined>): Promise<Check> {
  try {
    return { reason: await run() }
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) }
  }
}
