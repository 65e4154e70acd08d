import { IsOptional } from 'class-validator'
import { command } from '#domain-kit'
import { book, type BookState } from '../book/book.js'
import { checkPostings, POSTING_REJECTIONS } from '../book/rules.js'
import { accountWith, incoming, incomingId } from '../book/transfer.js'
import { IsAccountName, IsAmount, IsCommodity, IsDay, IsProse } from '../input/names.js'
import { OriginDto } from '../input/transfer.dto.js'

export class ReceiveTransfer extends OriginDto {
  @IsDay() readonly date!: string
  @IsOptional() @IsProse() readonly description?: string
  /** Of the receiving book. */
  @IsAccountName() readonly account!: string
  @IsAmount({ positive: true }) readonly amount!: string
  @IsCommodity() readonly commodity!: string
}

/**
 * Sent to the receiving book, under the rules that every transaction there must pass; but before them it must have consented. The sender reads
 * why it was refused: a stranger learns the same whether there is no such book, no such account, or no consent.
 */
export const receiveTransfer = command(book, 'receive-transfer', {
  body: ReceiveTransfer,
  rejections: {
    ...POSTING_REJECTIONS,
    'transfer-not-accepted': 422,
    'settlement-account': 422,
    'transaction-exists': 409,
  },
  claims: (body) => [{ name: `transaction/${incomingId(body)}`, taken: 'transaction-exists' }],
  decide: (state, transfer, { event, reject, target }) => {
    const transaction = incoming(transfer)
    const { from, id, account } = transfer
    if (!consents(state, from))
      return reject('transfer-not-accepted', `book "${target}" accepts no transfers from book "${from}"`)
    if (account === accountWith(from))
      return reject('settlement-account', `"${account}" is the account with book "${from}" itself; use another one`)
    return (
      checkPostings(state, transaction.postings, { target, reject }) ?? [
        event('TransactionPosted', transaction),
        event('TransferReceived', { from, id }),
      ]
    )
  },
})

const consents = ({ isOpen, accounts }: BookState, from: string): boolean =>
  isOpen && accounts.get(accountWith(from))?.isOpen === true
