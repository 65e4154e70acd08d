import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { type AnyAggregate, type Json, stateOf, stateText } from '#domain-kit'
import { type StreamState } from '../stream-state.js'
import { type StoredSnapshot } from './snapshot-store.js'

/** Raise it when the same state is written in another way. */
const FORMAT = 1
/** Characters of a state that is still written down. */
export const TEXT_MAX = 64 * 1024 * 1024
/** The event loop is given free so often while a state is written, in ms. */
const SLICE_MS = 1

const compress = promisify(gzip)
const expand = promisify(gunzip)

/** What a snapshot says about itself inside, where a checksum covers it. */
function labelOf(stream: string, version: number, { revision, tip, position }: Omit<StoredSnapshot, 'state'>): string {
  return JSON.stringify([FORMAT, stream, version, `${revision}`, tip, `${position}`] satisfies Json)
}

export interface Packed {
  readonly snapshot: StoredSnapshot
  /** Characters before compression. */
  readonly length: number
}

/**
 * Makes a snapshot of a committed state: label and state as text, compressed (which adds a checksum) off this thread. Writing the text gives
 * way to other work every millisecond; state never changes, so it may.
 *
 * @throws NotStorable, RangeError when it takes more than {@link TEXT_MAX}
 */
export async function pack(aggregate: AnyAggregate, stream: string, of: StreamState): Promise<Packed> {
  const { snapshot: rule, version } = aggregate
  const place = { revision: of.revision, tip: of.lastId ?? '', position: of.position }
  let text = `${labelOf(stream, version, place)}\n`
  let slice_ms = performance.now()
  for (const piece of stateText(typeof rule === 'object' ? rule.encode(of.state as never) : of.state)) {
    text += piece
    if (text.length > TEXT_MAX) throw new RangeError(`the state of ${stream} takes more than ${TEXT_MAX} characters`)
    if (performance.now() - slice_ms < SLICE_MS) continue
    await new Promise<void>((resolve) => setImmediate(resolve))
    slice_ms = performance.now()
  }
  return { snapshot: { ...place, state: await compress(text, { level: 1 }) }, length: text.length }
}

/** @throws Error for whatever {@link pack} did not make of this stream, at this place, in this version. */
export async function unpack(
  aggregate: AnyAggregate,
  stream: string,
  stored: StoredSnapshot,
): Promise<{ readonly state: StreamState; readonly length: number }> {
  const { snapshot: rule, version } = aggregate
  // UTF-8 takes at most three bytes for a character as JavaScript counts them.
  const text = (await expand(stored.state, { maxOutputLength: 3 * TEXT_MAX })).toString('utf8')
  const end = text.indexOf('\n')
  if (text.slice(0, end) !== labelOf(stream, version, stored)) throw new Error('its label says something else')
  const plain = stateOf(text.slice(end + 1))
  const state = typeof rule === 'object' ? rule.decode(plain) : plain
  const { revision, tip, position } = stored
  return { state: { state, revision, lastId: tip, position }, length: text.length }
}
