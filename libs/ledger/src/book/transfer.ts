import { inverseText } from '#domain-kit'
import { type Entry, type Origin, type Transfer } from './events.js'

/**
 * The account through which a book settles with another one: what the other owes it, or it owes the other. A book takes no
 * transfer from, and sends none to, a book for which it has not opened it; its lowest balance bounds what comes in on trust.
 */
export const accountWith = (other: string): string => `transfers:${other}`

const described = (description: string | undefined): Pick<Entry, 'description'> =>
  description === undefined ? {} : { description }

/** The sending book's transaction: out of the account, onto the account with the receiving book. */
export function outgoing({ id, date, description, account, to, amount, commodity }: Transfer): Entry {
  const postings = [
    { account, amount: inverseText(amount), commodity },
    { account: accountWith(to), amount, commodity },
  ]
  return { id, date, ...described(description), postings }
}

/** Id of the transaction that would put the money back; taken with the transfer, so that nothing can stand in its way. */
export const refundId = (id: string): string => `${id}/refund`

/** The opposite of {@link outgoing}. */
export function refund(transfer: Transfer): Entry {
  const { postings, ...entry } = outgoing(transfer)
  const back = postings.map((each) => ({ ...each, amount: inverseText(each.amount) }))
  return { ...entry, id: refundId(transfer.id), postings: back }
}

/** Id of the receiving book's transaction. */
export const incomingId = ({ from, id }: Origin): string => `${from}/${id}`

/** A transfer as the receiving book is told of it. */
export interface Incoming extends Origin {
  readonly date: string
  readonly description?: string
  /** Of the receiving book. */
  readonly account: string
  readonly amount: string
  readonly commodity: string
}

/** The receiving book's transaction: onto the account, off the account with the sending book. */
export function incoming({ account, amount, commodity, date, description, ...origin }: Incoming): Entry {
  const postings = [
    { account, amount, commodity },
    { account: accountWith(origin.from), amount: inverseText(amount), commodity },
  ]
  return { id: incomingId(origin), date, ...described(description), postings }
}
