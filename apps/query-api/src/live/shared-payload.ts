import { type DocumentResource, type ListResource } from '#domain-kit'
import { type RowChange } from './hub.js'
import { Payload } from './payload.js'

/** For as long as some queue holds the change. */
const states = new WeakMap<RowChange, { readonly resource: DocumentResource; readonly payload: Payload }>()
const groups = new WeakMap<
  RowChange,
  { readonly resource: ListResource; readonly items: readonly RowChange[]; readonly payload: Payload }
>()

/** By what was read, for as long as somebody holds it. */
const answers = new WeakMap<object, Payload>()

const placeOf = ({ created, changed }: RowChange) => ({ createdAt: created.position, changedAt: changed })

/** A document's new state: computed for the first who watches it, and the same object for all others. */
export function statePayload(resource: DocumentResource, change: RowChange): Payload {
  const known = states.get(change)
  if (known?.resource === resource) return known.payload
  const position = change.changed.toString()
  const data = change.op === 'del' ? null : { position, ...resource.answer(change.row, placeOf(change)) }
  const payload = new Payload(position, data)
  states.set(change, { resource, payload })
  return payload
}

/** What was read anew: the same payload for all who took part in the read. */
export function answerPayload(position: bigint, data: object | null): Payload {
  const known = data && answers.get(data)
  if (known) return known
  const payload = new Payload(position.toString(), data)
  if (data) answers.set(data, payload)
  return payload
}

/** New items of a list, all of one position. What a restricted token sees of them may be fewer, and is another message. */
export function itemsPayload(resource: ListResource, first: RowChange, items: readonly RowChange[]): Payload {
  const known = groups.get(first)
  const isSame = known?.items.length === items.length && known.items.every((each, at) => each === items[at])
  if (isSame && known.resource === resource) return known.payload
  const data = { items: items.map((each) => resource.item(each.row, placeOf(each))) }
  const payload = new Payload(first.created.position.toString(), data)
  groups.set(first, { resource, items, payload })
  return payload
}
