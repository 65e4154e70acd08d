import { command } from '#domain-kit'
import { book, type BookState } from '../book/book.js'
import { IsAccountName } from '../input/names.js'

export class CloseAccount {
  @IsAccountName() readonly account!: string
}

function touching(entries: BookState['holds'], account: string): string | undefined {
  for (const [id, { postings }] of entries) if (postings.some((each) => each.account === account)) return id
  return undefined
}

/** A closed account keeps its balance and takes no further posting. Open holds and transfers that touch it must be settled first. */
export const closeAccount = command(book, 'close-account', {
  body: CloseAccount,
  route: 'DELETE /books/{book}/accounts/{account}',
  status: 200,
  summary: 'Close an account: it keeps its balance and takes no further posting',
  example: { account: 'assets:cash' },
  rejections: { 'book-not-found': 404, 'account-not-found': 404, 'account-closed': 422, 'account-held': 422 },
  decide: (state, { account }, { event, reject, target }) => {
    if (!state.isOpen) return reject('book-not-found', `there is no book "${target}"; open it first`)
    const known = state.accounts.get(account)
    if (!known) return reject('account-not-found', `book "${target}" has no account "${account}"`)
    if (!known.isOpen) return reject('account-closed', `account "${account}" is closed already`)
    const hold = touching(state.holds, account)
    if (hold !== undefined)
      return reject('account-held', `hold "${hold}" touches account "${account}"; capture or release it first`)
    const transfer = touching(state.transfers, account)
    if (transfer !== undefined)
      return reject('account-held', `transfer "${transfer}" touches account "${account}" and is not settled yet`)
    return [event('AccountClosed', { account })]
  },
})
