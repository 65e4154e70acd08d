import { type BuildStatus, type DecisionRecord } from '#read-models'
import { CliFailure } from '../failure.js'
import { local, operatorToken } from '../local.js'
import { runningProjector } from '../projector.js'

/** What `GET /v1/projections` tells of a build; `head` is null when the log did not answer. */
type Build = BuildStatus & { readonly head: string | null }

interface Output {
  readonly json?: boolean
}

/** Prints every build of every projection: which is read, how far each is, and what has stopped. */
export async function projectionsList(output: Output): Promise<number> {
  return print(await builds('GET', ''), output)
}

export async function projectionsRebuild(name: string, { promote }: { readonly promote: boolean }): Promise<number> {
  const begun = await act(name, 'rebuild', { promote: promote ? 'yes' : 'no' })
  process.stderr.write(
    promote
      ? 'it is being built beside the live one, and becomes the live one by itself\n'
      : `it is being built beside the live one; "npx headwater projections promote ${name}" makes it the live one\n`,
  )
  return print(begun, {})
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

/** Prints what operators did with one projection, or with all of them: the newest 100, newest first. */
export async function projectionsDecisions(name: string | undefined, { json }: Output): Promise<number> {
  const query = name === undefined ? '' : `?projection=${encodeURIComponent(name)}`
  const { decisions } = await ask<{ readonly decisions: readonly DecisionRecord[] }>('GET', `/decisions${query}`)
  process.stdout.write(json ? linesOf(decisions) : tableOf(decisions.map(decisionRow)))
  return 0
}

/** As the table shows it. */
export function decisionRow(each: DecisionRecord): readonly string[] {
  const { at, actor, action, projection, version, build, lane, position, detail } = each
  const where = [lane === null ? '' : `lane ${lane}`, position === null ? '' : `position ${position}`]
  return [
    ...[at, actor, action, projection, `v${version}`, `build ${build}`],
    [...where, detail].filter((text) => text !== '').join(', '),
  ]
}

const act = (name: string, action: string, body: object): Promise<readonly Build[]> =>
  builds('POST', `/${encodeURIComponent(name)}/${action}`, body)

async function builds(method: 'GET' | 'POST', path: string, body?: object): Promise<readonly Build[]> {
  return (await ask<{ readonly projections: readonly Build[] }>(method, path, body)).projections
}

async function ask<Answer>(method: 'GET' | 'POST', path: string, body?: object): Promise<Answer> {
  const here = local()
  const projector = await runningProjector(here)
  const response = await fetch(`${projector.url}/v1/projections${path}`, {
    method,
    headers: { authorization: `Bearer ${await operatorToken(here)}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const answer = (await response.json()) as Answer & { detail?: string }
  if (!response.ok) throw new CliFailure(answer.detail ?? `the projector answered ${response.status}`)
  return answer
}

function print(all: readonly Build[], { json }: Output): number {
  if (json) process.stdout.write(linesOf(all))
  else {
    const rows = all.map((each) => [
      each.projection,
      `v${each.version}`,
      `build ${each.build}`,
      each.slot,
      each.state,
      `${each.position} of ${each.head ?? 'a log that does not answer'}`,
    ])
    process.stdout.write(tableOf(rows))
    for (const { projection, stops } of all)
      for (const stop of stops) process.stdout.write(`${told(projection, stop)}\n`)
  }
  return 0
}

const linesOf = (all: readonly object[]): string => all.map((each) => `${JSON.stringify(each)}\n`).join('')

/** The last column as it is, all others as wide as their widest. */
function tableOf(rows: readonly (readonly string[])[]): string {
  const last = (rows[0]?.length ?? 0) - 1
  const widths = Array.from({ length: last }, (_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)))
  return rows.map((row) => `${row.map((each, at) => each.padEnd(widths[at] ?? 0)).join('  ')}\n`).join('')
}

function told(projection: string, { lane, stopped }: Build['stops'][number]): string {
  const { position, type, stream, revision, reason } = stopped
  const isAtEvent = type !== ''
  const where = isAtEvent ? `at position ${position} (${type}, ${stream}@${revision})` : `after position ${position}`
  return `${projection} has stopped in lane ${lane} ${where}: ${reason}`
}
