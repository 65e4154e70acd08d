import { type LogEvent, type Operation } from '#testing'
import { type BookHistory } from '../load/history.js'

/** A client over HTTP is not told the ids of events: it knows them by what it asked for. */
function nameOf({ stream, type, data }: LogEvent): string {
  const { id, account } = data as { readonly id?: string; readonly account?: string }
  return [stream, type, ...(id === undefined ? [] : [id]), ...(account === undefined ? [] : [account])].join(' ')
}

/** The same log with events of these books under names that their clients know. A transaction that is there twice has one name twice. */
export function namedLog(log: readonly LogEvent[], books: readonly BookHistory[]): readonly LogEvent[] {
  const streams = new Set(books.map(streamOf))
  return log.map((event) => (streams.has(event.stream) ? { ...event, id: nameOf(event) } : event))
}

/** All that was asked for: by the clients, and by those who wrote to other streams before them, of whom nobody knows anything. */
export function operationsOf(log: readonly LogEvent[], books: readonly BookHistory[]): readonly Operation[] {
  const streams = new Set(books.map(streamOf))
  const others = log.filter(({ stream }) => !streams.has(stream))
  return [...books.flatMap((each) => [...each.opening, ...postingsOf(each)]), ...others.map(unknown)]
}

const streamOf = ({ opening }: BookHistory): string => opening[0]?.command.stream ?? ''

function postingsOf(history: BookHistory): readonly Operation[] {
  const stream = streamOf(history)
  return history.acks.map(({ id, revision, position, invoked_ms, acked_ms }) => ({
    client: history.book,
    command: { stream, key: String(id) },
    writes: [{ stream, ids: [`${stream} TransactionPosted ${id}`] }],
    invoked_ms,
    result: { kind: 'acknowledged', acked_ms, place: { stream, revision, position } },
  }))
}

function unknown({ stream, id }: LogEvent): Operation {
  const command = { stream, key: id }
  return { client: 'others', command, writes: [{ stream, ids: [id] }], invoked_ms: 0, result: { kind: 'unknown' } }
}
