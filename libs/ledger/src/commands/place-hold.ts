import { command } from '#domain-kit'
import { book } from '../book/book.js'
import { checkPostings, POSTING_REJECTIONS } from '../book/rules.js'
import { ENTRY_EXAMPLE, EntryDto } from '../input/posting.dto.js'

export class PlaceHold extends EntryDto {}

/** The first of two phases: reserves what the postings would take out, until it is captured or released. */
export const placeHold = command(book, 'place-hold', {
  body: PlaceHold,
  route: 'POST /books/{book}/holds',
  summary: 'Hold: reserve what a transaction would take out, to capture or release it later',
  example: ENTRY_EXAMPLE,
  rejections: { ...POSTING_REJECTIONS, 'hold-exists': 409 },
  claims: ({ id }) => [{ name: `hold/${id}`, taken: 'hold-exists' }],
  decide: (state, hold, { event, reject, target }) =>
    checkPostings(state, hold.postings, { target, reject }) ?? [event('HoldPlaced', hold)],
})
