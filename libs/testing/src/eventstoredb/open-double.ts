import { type EventStoreDouble } from './double.js'
import { type EventStoreDoubleOptions } from './double-node.js'

/**
 * Opens a double on free ports of this host; loads gRPC and its services only then.
 *
 * @param options  `nodes`: how many servers share one log, default 1.
 */
export async function openEventStoreDouble(
  options: EventStoreDoubleOptions & { readonly nodes?: number } = {},
): Promise<EventStoreDouble> {
  const { EventStoreDouble } = await import('./double.js')
  const { nodes = 1, ...each } = options
  return EventStoreDouble.open(nodes, each)
}
