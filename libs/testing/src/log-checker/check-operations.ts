import { type AppendPlace } from '#event-store'
import { contentOf } from './content.js'
import { type Findings } from './findings.js'
import { type LogEvent, type Operation } from './history.js'

/** What all clients together know of one command: its first invocation and its first acknowledgement. */
export interface CommandTimes {
  invoked_ms: number
  /** Infinity when it was never acknowledged. */
  acked_ms: number
}

type ById = ReadonlyMap<string, LogEvent>

/** Every operation against the log. @returns the command of each event id that was asked for. */
export function checkOperations(
  operations: Iterable<Operation>,
  byId: ById,
  findings: Findings,
): ReadonlyMap<string, CommandTimes> {
  const commands = new Map<string, CommandTimes>()
  const byEvent = new Map<string, CommandTimes>()
  for (const operation of operations) {
    const { command, writes, result } = operation
    const times = commandOf(commands, `${command.stream} ${command.key}`)
    times.invoked_ms = Math.min(times.invoked_ms, operation.invoked_ms)
    for (const { ids } of writes) for (const id of ids) byEvent.set(id, times)
    if (result.kind === 'acknowledged') {
      findings.acked += 1
      times.acked_ms = Math.min(times.acked_ms, result.acked_ms)
      checkPlace(operation, result.place, byId, findings)
    } else if (result.kind === 'refused') checkRefused(operation, byId, findings)
    checkWhole(operation, byId, findings)
    checkContents(operation, byId, findings)
    checkExpected(operation, findings)
  }
  return byEvent
}

function commandOf(commands: Map<string, CommandTimes>, name: string): CommandTimes {
  const known = commands.get(name) ?? { invoked_ms: Infinity, acked_ms: Infinity }
  commands.set(name, known)
  return known
}

const nameOf = ({ client, command }: Operation): string => `${client}'s ${command.key} of ${command.stream}`

/** The place that was acknowledged is that of the last event of the first write. */
function checkPlace(operation: Operation, place: AppendPlace, byId: ById, findings: Findings): void {
  const event = byId.get(operation.writes[0]?.ids.at(-1) ?? '')
  if (!event) return
  const { stream, revision, position } = event
  if (stream === place.stream && revision === place.revision && position === place.position) return
  const told = `${place.stream} ${place.revision} at ${place.position}`
  findings.add('misordered', `${nameOf(operation)} was told ${told} and is ${stream} ${revision} at ${position}`)
}

function checkRefused(operation: Operation, byId: ById, findings: Findings): void {
  const found = operation.writes.flatMap(({ ids }) => ids).filter((id) => byId.has(id))
  if (found.length > 0) findings.add('phantoms', `${nameOf(operation)} was refused, and ${found.join(', ')} is there`)
}

/** What is there is what was asked for. */
function checkContents(operation: Operation, byId: ById, findings: Findings): void {
  for (const { ids, contents = [] } of operation.writes)
    for (const [at, content] of contents.entries()) {
      const event = byId.get(ids[at] ?? '')
      if (event && contentOf(event) !== content)
        findings.add('altered', `${nameOf(operation)}: event ${event.id} is ${JSON.stringify(shown(event))}`)
    }
}

const shown = ({ type, version, data, metadata }: LogEvent): object => ({ type, version, data, metadata })

/** New names are free, and what was taken stays taken. */
function checkExpected(operation: Operation, findings: Findings): void {
  const { expected, result } = operation
  if (expected === 'refused' && result.kind === 'acknowledged')
    findings.add('duplicated', `${nameOf(operation)} was acknowledged, and what it asked for was taken`)
  if (expected === 'acknowledged' && result.kind === 'refused')
    findings.add('phantoms', `${nameOf(operation)} was refused, and what it asked for was free or its own`)
}

/** All of it or nothing; what was acknowledged, all of it; in the order in which it was asked for, each in its stream. */
function checkWhole(operation: Operation, byId: ById, findings: Findings): void {
  let present = 0
  let asked = 0
  let after = 0n
  for (const { stream, ids } of operation.writes) {
    let revision: bigint | undefined
    for (const id of ids) {
      asked += 1
      const event = byId.get(id)
      if (!event) continue
      present += 1
      const follows = event.position > after && (revision === undefined || event.revision === revision + 1n)
      if (event.stream !== stream || !follows)
        findings.add('misordered', `${nameOf(operation)}: event ${id} is out of its order at ${event.position}`)
      after = event.position
      revision = event.revision
    }
  }
  const isExpected = operation.result.kind === 'acknowledged' || present > 0
  if (operation.result.kind !== 'refused' && isExpected && present < asked)
    findings.add('lost', `${nameOf(operation)} was ${operation.result.kind}: ${present} of ${asked} events are there`)
}
