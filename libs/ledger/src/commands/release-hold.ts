import { command } from '#domain-kit'
import { book } from '../book/book.js'
import { IsId } from '../input/names.js'

export class ReleaseHold {
  @IsId() readonly hold!: string
}

export const releaseHold = command(book, 'release-hold', {
  body: ReleaseHold,
  route: 'POST /books/{book}/holds/{hold}/release',
  summary: 'Release a hold: what it reserved is free again, nothing is posted',
  example: { hold: 'coffee-2' },
  rejections: { 'book-not-found': 404, 'hold-not-found': 404, 'hold-settled': 409 },
  claims: ({ hold }) => [{ name: `settled/${hold}`, taken: 'hold-settled' }],
  lookups: ({ hold }) => ({ settlement: `settled/${hold}` }),
  decide: (state, { hold }, { event, reject, target, found }) => {
    if (!state.isOpen) return reject('book-not-found', `there is no book "${target}"; open it first`)
    if (state.holds.has(hold)) return [event('HoldReleased', { id: hold })]
    return found.settlement
      ? reject('hold-settled', `hold "${hold}" was captured or released already`)
      : reject('hold-not-found', `book "${target}" has no open hold "${hold}"`)
  },
})
