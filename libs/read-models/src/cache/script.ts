import { createHash } from 'node:crypto'
import { type Redis } from './redis.js'

/** A Lua script that Redis is sent once, and knows by its digest from then on. */
export class Script {
  private readonly sha: string

  constructor(private readonly text: string) {
    this.sha = createHash('sha1').update(text).digest('hex')
  }

  async run(redis: Redis, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    const given = { keys: [...keys], arguments: [...args] }
    try {
      return await redis.evalSha(this.sha, given)
    } catch (error) {
      // Restarted or flushed: it has forgotten what it knew.
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
      return redis.eval(this.text, given)
    }
  }
}
