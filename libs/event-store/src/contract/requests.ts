import { randomUUID } from 'node:crypto'
import { type RecordedEvent } from '#domain-kit'
import { type AppendPlace, type AppendRequest, type EventStore, type NewEvent, type StreamWrite } from '../port.js'

/** The store under test; only there once it is open. */
export type Store = () => EventStore

export const newStream = (): string => `thing-${randomUUID()}`

export function newEvent(data: object = {}): NewEvent {
  return { id: randomUUID(), type: 'ThingHappened', version: 1, data, metadata: { actor: 'test' } }
}

export const newEvents = (count: number): NewEvent[] => Array.from({ length: count }, (_, at) => newEvent({ at }))

/** A command that no one has sent before. */
export function newRequest(
  stream: string,
  { expected = 'any', tip, events = newEvents(1), ...more }: Partial<AppendRequest & Omit<StreamWrite, 'stream'>> = {},
): AppendRequest {
  const write = { stream, expected, ...(tip === undefined ? {} : { tip }), events }
  return { commandId: { stream, key: randomUUID() }, requestHash: randomUUID(), writes: [write], ...more }
}

/** @throws Error when it was not appended. */
export async function mustAppend(store: EventStore, request: AppendRequest): Promise<AppendPlace> {
  const { outcome, ...place } = await store.append(request)
  if (outcome !== 'appended') throw new Error(`expected it to be appended, but it was ${outcome}`)
  return place as AppendPlace
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

export const idsOf = (events: readonly { readonly id: string }[]): string[] => events.map(({ id }) => id)
export const requestedIds = ({ writes }: AppendRequest): string[] => writes.flatMap(({ events }) => idsOf(events))

/** What the position of the last of so many new events must be: the next ones without a gap, or just any later one. */
export function positionAfter({ capabilities }: EventStore, before: bigint, events: number, found: bigint): bigint {
  if (capabilities.gapFreePositions) return before + BigInt(events)
  expect(found).toBeGreaterThanOrEqual(before + BigInt(events))
  return found
}

/** Positions follow on `before`: without a gap, or just upwards. */
export function expectPositions({ capabilities }: EventStore, before: bigint, events: readonly RecordedEvent[]): void {
  const positions = events.map(({ position }) => position)
  if (capabilities.gapFreePositions) expect(positions).toEqual(positions.map((_, at) => before + BigInt(at + 1)))
  else positions.forEach((each, at) => expect(each).toBeGreaterThan(positions[at - 1] ?? before))
}
