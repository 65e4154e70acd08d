import { IsOptional } from 'class-validator'
import { command } from '#domain-kit'
import { book } from '../book/book.js'
import { checkPostings, POSTING_REJECTIONS } from '../book/rules.js'
import { IsDay, IsId } from '../input/names.js'

export class CaptureHold {
  @IsId() readonly hold!: string
  /** The transaction's id. Default: the hold's. */
  @IsOptional() @IsId() readonly id?: string
  /** The transaction's date. Default: the hold's. */
  @IsOptional() @IsDay() readonly date?: string
}

export const captureHold = command(book, 'capture-hold', {
  body: CaptureHold,
  route: 'POST /books/{book}/holds/{hold}/capture',
  summary: 'Capture a hold: it becomes a transaction',
  example: { hold: 'coffee-2', id: 'coffee-2-paid', date: '2026-11-24' },
  rejections: {
    ...POSTING_REJECTIONS,
    'hold-not-found': 404,
    'transaction-exists': 409,
    'hold-settled': 409,
  },
  claims: ({ hold, id = hold }) => [
    { name: `settled/${hold}`, taken: 'hold-settled' },
    { name: `transaction/${id}`, taken: 'transaction-exists' },
  ],
  lookups: ({ hold }) => ({ settlement: `settled/${hold}` }),
  decide: (state, { hold: name, id, date }, { event, reject, target, found }) => {
    if (!state.isOpen) return reject('book-not-found', `there is no book "${target}"; open it first`)
    const hold = state.holds.get(name)
    if (!hold)
      return found.settlement
        ? reject('hold-settled', `hold "${name}" was captured or released already`)
        : reject('hold-not-found', `book "${target}" has no open hold "${name}"`)
    const refused = checkPostings(state, hold.postings, { target, reject, freed: hold.postings })
    return (
      refused ?? [event('TransactionPosted', { ...hold, id: id ?? hold.id, date: date ?? hold.date, captures: name })]
    )
  },
})
