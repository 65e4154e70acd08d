import { askStatus } from '../controller-client.js'
import { CliFailure } from '../failure.js'
import { local, operatorToken } from '../local.js'

/** What `GET /v1/projections` tells of a build. */
interface Build {
  readonly projection: string
  readonly version: number
  readonly build: number
  readonly slot: string
  readonly state: string
  readonly position: string
  readonly head: string
  readonly since: string
  readonly stops: readonly { readonly lane: number; readonly stopped: Readonly<Record<string, string>> }[]
}

interface Output {
  readonly json?: boolean
}

/** Prints every build of every projection: which is read, how far each is, and what has stopped. */
export async function projectionsList(output: Output): Promise<number> {
  return print(await ask('GET', ''), output)
}

export async function projectionsRebuild(name: string, { promote }: { readonly promote: boolean }): Promise<number> {
  const builds = await act(name, 'rebuild', { promote: promote ? 'yes' : 'no' })
  process.stderr.write(
    promote
      ? 'it is being built beside the live one, and becomes the live one by itself\n'
      : `it is being built beside the live one; "npx headwater projections promote ${name}" makes it the live one\n`,
  )
  return print(builds, {})
}

export async function projectionsPromote(name: string): Promise<number> {
  return print(await act(name, 'promote', {}), {})
}

export async function projectionsRollback(name: string): Promise<number> {
  return print(await act(name, 'rollback', {}), {})
}

interface DropFlags {
  readonly slot?: string
  readonly version?: string
}

export async function projectionsDrop(name: string, { slot, version }: DropFlags): Promise<number> {
  if ((slot === undefined) === (version === undefined))
    throw new CliFailure('say which: --slot next, --slot previous, or --version N')
  if (version !== undefined && !/^[1-9]\d{0,8}$/.test(version))
    throw new CliFailure(`--version "${version.slice(0, 60)}" is not a whole number of at least 1`)
  return print(await act(name, 'drop', version === undefined ? { slot } : { version: Number(version) }), {})
}

export async function projectionsRetry(name: string): Promise<number> {
  return print(await act(name, 'retry', {}), {})
}

export async function projectionsSkip(name: string, { position }: { readonly position: string }): Promise<number> {
  return print(await act(name, 'skip', { position }), {})
}

const act = (name: string, action: string, body: object): Promise<readonly Build[]> =>
  ask('POST', `/${encodeURIComponent(name)}/${action}`, body)

async function ask(method: 'GET' | 'POST', path: string, body?: object): Promise<readonly Build[]> {
  const here = local()
  const status = await askStatus(here)
  if (!status) throw new CliFailure('Headwater does not run here: start it with "npx headwater up"')
  const projectors = status.instances.filter(({ role }) => role === 'projector')
  // One that has stopped at an event is not ready, and is the one to talk to.
  const projector = projectors.find(({ ready }) => ready) ?? projectors.find(({ pid }) => pid !== null)
  if (!projector) throw new CliFailure('no projector runs')
  const response = await fetch(`${projector.url}/v1/projections${path}`, {
    method,
    headers: { authorization: `Bearer ${await operatorToken(here)}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const answer = (await response.json()) as { projections?: readonly Build[]; detail?: string }
  if (!response.ok || !answer.projections)
    throw new CliFailure(answer.detail ?? `the projector answered ${response.status}`)
  return answer.projections
}

function print(builds: readonly Build[], { json }: Output): number {
  if (json) process.stdout.write(builds.map((each) => `${JSON.stringify(each)}\n`).join(''))
  else {
    const rows = builds.map((each) => [
      each.projection,
      `v${each.version}`,
      `build ${each.build}`,
      each.slot,
      each.state,
      `${each.position} of ${each.head}`,
    ])
    const widths = [0, 1, 2, 3, 4].map((at) => Math.max(0, ...rows.map((row) => row[at]?.length ?? 0)))
    for (const row of rows) process.stdout.write(`${row.map((each, at) => each.padEnd(widths[at] ?? 0)).join('  ')}\n`)
    for (const { projection, stops } of builds)
      for (const stop of stops) process.stdout.write(`${told(projection, stop)}\n`)
  }
  return 0
}

function told(projection: string, { lane, stopped }: Build['stops'][number]): string {
  const { position = '', type = '', stream = '', revision = '', reason = '' } = stopped
  return `${projection} has stopped in lane ${lane} at position ${position} (${type}, ${stream}@${revision}): ${reason}`
}
