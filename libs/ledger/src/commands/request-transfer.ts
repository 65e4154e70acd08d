import { command, type Rejection } from '#domain-kit'
import { book } from '../book/book.js'
import { checkPostings, POSTING_REJECTIONS } from '../book/rules.js'
import { accountWith, outgoing, refundId } from '../book/transfer.js'
import { TransferDto } from '../input/transfer.dto.js'

export class RequestTransfer extends TransferDto {}

/** Which field of the body each posting comes from. */
const FIELDS: Readonly<Record<string, string>> = {
  'postings.0.account': 'account',
  'postings.0.amount': 'amount',
  'postings.0.commodity': 'commodity',
  'postings.1.account': 'to',
  'postings.1.amount': 'amount',
  'postings.1.commodity': 'commodity',
}

function inTermsOfBody<Code extends string>({ errors, ...rejection }: Rejection<Code>): Rejection<Code> {
  if (!errors) return rejection
  return { ...rejection, errors: errors.map((each) => ({ ...each, field: FIELDS[each.field] ?? each.field })) }
}

/** Takes the money out at once; the process manager `transfers` brings it to the other book, or back. */
export const requestTransfer = command(book, 'request-transfer', {
  body: RequestTransfer,
  route: 'POST /books/{book}/transfers',
  summary: 'Transfer to another book; the transfer tells whether that one has taken it or the money is back',
  example: {
    id: 'to-travel-1',
    date: '2026-11-23',
    description: 'For the trip',
    account: 'assets:cash',
    to: 'travel',
    toAccount: 'assets:cash',
    amount: '50',
    commodity: 'EUR',
  },
  rejections: {
    ...POSTING_REJECTIONS,
    'transfer-to-itself': 422,
    'settlement-account': 422,
    'transaction-exists': 409,
  },
  claims: ({ id }) => [
    { name: `transaction/${id}`, taken: 'transaction-exists' },
    { name: `transaction/${refundId(id)}`, taken: 'transaction-exists' },
  ],
  decide: (state, transfer, { event, reject, target }) => {
    if (transfer.to === target)
      return reject('transfer-to-itself', `"${target}" is the sending book; within a book, post a transaction`)
    const { account, to } = transfer
    if (account === accountWith(to))
      return reject('settlement-account', `"${account}" is the account with book "${to}" itself; use another one`)
    const out = outgoing(transfer)
    const refused = checkPostings(state, out.postings, { target, reject })
    return refused ? inTermsOfBody(refused) : [event('TransactionPosted', out), event('TransferRequested', transfer)]
  },
})
