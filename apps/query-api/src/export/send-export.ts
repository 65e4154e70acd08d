import { type FastifyReply } from 'fastify'
import { type Resource } from '#domain-kit'
import { type Exporter, type NamedResource, type Reader } from '#read-models'
import { atExpiry, type Principal } from '#runtime'
import { type Query } from '../query-input.js'
import { readResource } from '../read-resource.js'
import { exportBody } from './body.js'
import { type ExportSlot, type ExportSlots } from './export-slots.js'
import { fieldsOf, type Format } from './formats.js'

export interface ExportTools {
  readonly exporter: Exporter
  readonly slots: ExportSlots
  readonly reader: Reader
  /** How long a reader may take no byte. Default 60,000. */
  readonly stalled_ms_max?: number
}

export interface ExportRequest {
  readonly named: NamedResource
  readonly query: Query
  readonly minPosition: bigint
  readonly principal: Principal
  readonly format: Format
  /** Of a HEAD request: the headers alone. */
  readonly isHead: boolean
}

interface Opened {
  readonly position: bigint
  readonly source: string
  readonly chunks: AsyncIterable<readonly object[]> | Iterable<readonly object[]>
}

const CHUNK_ITEMS = 500

/**
 * Answers with every line of a list or collection, from one snapshot. An error before the first byte is a problem like any other;
 * later the connection is cut, so that a short file never looks like a whole one: also when the token expires. Returns when the connection is
 * done with.
 */
export async function sendExport(tools: ExportTools, reply: FastifyReply, asked: ExportRequest): Promise<void> {
  const { slots, stalled_ms_max = 60_000 } = tools
  const { named, format, isHead, principal } = asked
  const slot = slots.begin(principal.subject)
  const callOff = atExpiry(principal, () => slot.end('the token has expired'))
  slot.signal.addEventListener('abort', callOff, { once: true })
  const closed = new Promise<void>((resolve) => {
    const left = (): void => {
      slot.end('the reader left')
      resolve()
    }
    reply.raw.once('close', left)
    // Who had left before is not told of again.
    if (reply.raw.destroyed) left()
  })
  try {
    const { position, source, chunks } = await open(tools, asked, slot)
    const { resource } = named.readable
    void reply
      .header('headwater-position', position.toString())
      .header('headwater-source', source)
      .header('cache-control', 'no-cache')
      .header('content-type', format.contentType)
      .header('content-disposition', `attachment; filename="${nameOf(resource)}-${position}.${format.extension}"`)
    if (isHead) {
      slot.end()
      void reply.send('')
      return
    }
    void reply.send(exportBody({ chunks, format, fields: fieldsOf(resource) ?? [], slot, stalled_ms_max }))
    // A handler that returns before the headers have left makes Fastify answer with nothing.
    await closed
  } catch (error) {
    slot.end()
    throw error
  }
}

async function open(tools: ExportTools, asked: ExportRequest, slot: ExportSlot): Promise<Opened> {
  const { named, query, minPosition, principal } = asked
  const { resource } = named.readable
  if (resource.kind === 'list') {
    return tools.exporter.list(named, query, { minPosition, signal: slot.signal })
  }
  const reader = tools.reader.for(principal.subject)
  const { position, source, data } = await readResource(reader, named, query, minPosition, principal)
  const items = (resource.kind === 'collection' && resource.export?.items(data)) || []
  return { position, source, chunks: chunksOf(items) }
}

function* chunksOf(items: readonly object[]): Generator<readonly object[]> {
  for (let at = 0; at < items.length; at += CHUNK_ITEMS) yield items.slice(at, at + CHUNK_ITEMS)
}

/** `transactions` for `GET /books/{book}/transactions`. */
function nameOf({ route, name }: Resource): string {
  return route.split('/').findLast((segment) => /^[A-Za-z0-9_.-]+$/.test(segment)) ?? name
}
