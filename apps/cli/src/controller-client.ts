import { type Status } from '#local-runtime'
import { type Local, operatorToken } from './local.js'

/** The controller first waits for what it asks its processes already, then asks them anew; one that hangs has 3 s to answer each time. */
const ANSWER_MS_MAX = 10_000

async function ask(local: Local, method: string, path: string): Promise<Response | undefined> {
  try {
    const response = await fetch(local.controllerUrl + path, {
      method,
      headers: { authorization: `Bearer ${await operatorToken(local)}` },
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    })
    return response.ok ? response : undefined
  } catch {
    return undefined
  }
}

/** undefined when no controller of this data folder answers. */
export async function askStatus(local: Local): Promise<Status | undefined> {
  const response = await ask(local, 'GET', '/v1/status')
  // One that is killed in the midst of its answer has not answered.
  return (await response?.json().catch(() => undefined)) as Status | undefined
}

export async function askStop(local: Local): Promise<boolean> {
  return (await ask(local, 'POST', '/v1/stop')) !== undefined
}
