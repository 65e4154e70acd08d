import { type Domain, type RecordedEvent, upcast } from '#domain-kit'
import { type EventBatch, type EventStore, type StoreCapabilities } from './port.js'

/**
 * The log as domains know it: events of earlier schema versions are brought to today's, for deciders and whoever else reads.
 * Projections do so themselves, by {@link upcasting}. Events of aggregates that no domain has come as they are stored.
 *
 * Reading throws EventVersionError, and goes no further, where the log holds an event that newer code wrote.
 *
 * @throws Error when a domain needs what this store cannot do.
 */
export function storeFor(domains: readonly Domain[], store: EventStore): EventStore {
  checkNeeds(domains, store.capabilities)
  const today = upcasting(domains)
  return {
    capabilities: store.capabilities,
    limits: store.limits,
    recall: (id) => store.recall(id),
    findClaim: (claim) => store.findClaim(claim),
    head: () => store.head(),
    close: () => store.close(),
    append: async (request) => {
      const result = await store.append(request)
      return result.outcome === 'conflict' ? { ...result, tail: result.tail?.map(today) } : result
    },
    readStream: (stream, options) => each(store.readStream(stream, options), today),
    ...(store.news ? { news: (stream, after) => store.news?.(stream, after).map(today) ?? [] } : {}),
    readAll: (options) => each(store.readAll(options), today),
    subscribe: (options) => each(store.subscribe(options), (batch) => upcastedBatch(batch, today)),
  }
}

/** An event as it is stored to what the installed domains make of it today. It throws EventVersionError, and whatever an upcaster throws. */
export type Upcasting = (event: RecordedEvent) => RecordedEvent

/** For who reads the log as it is stored, and must know which event cannot be brought to today's form. See {@link storeFor}. */
export function upcasting(domains: readonly Domain[]): Upcasting {
  const known = new Map(domains.flatMap(({ aggregates }) => aggregates.map((each) => [each.name, each] as const)))
  return (event) => {
    const aggregate = known.get(event.aggregate)
    return aggregate ? upcast(aggregate, event) : event
  }
}

/** @throws Error that names each domain's need that the store cannot meet. */
export function checkNeeds(domains: readonly Domain[], capabilities: StoreCapabilities): void {
  const unmet = new Map<string, string[]>()
  for (const { name, needs } of domains)
    for (const { capability, of } of needs) {
      if (capabilities[capability]) continue
      const what = `domain "${name}" needs ${capability}`
      unmet.set(what, [...(unmet.get(what) ?? []), of])
    }
  if (unmet.size === 0) return
  const reasons = [...unmet].map(([what, of]) => `${what} for ${of.join(', ')}`)
  throw new Error(`the event store cannot do what is installed: ${reasons.join('; ')}; choose another EVENT_STORE`)
}

/** The same batch when all of it is of today. */
function upcastedBatch(batch: EventBatch, today: Upcasting): EventBatch {
  const { after, position, events: stored } = batch
  const events = stored.map(today)
  return events.every((event, at) => event === stored[at]) ? batch : { after, position, events }
}

async function* each<T>(items: AsyncIterable<T>, to: (item: T) => T): AsyncGenerator<T> {
  for await (const item of items) yield to(item)
}
