import { command } from '#domain-kit'
import { book } from '../book/book.js'
import { IsId, IsProse, IsText } from '../input/names.js'
import { OriginDto } from '../input/transfer.dto.js'

export class DeclineTransfer extends OriginDto {
  @IsText({ min: 1, max: 64 }) readonly code!: string
  @IsProse() readonly reason!: string
}

/** Makes the refusal of the receiving book a fact in its own stream: from then on it cannot receive this transfer any more. */
export const declineTransfer = command(book, 'decline-transfer', {
  body: DeclineTransfer,
  rejections: {},
  decide: (_, declined, { event }) => [event('TransferDeclined', declined)],
})

export class CompleteTransfer {
  @IsId() readonly id!: string
}

/** Sent to the sending book when the other one has the money. */
export const completeTransfer = command(book, 'complete-transfer', {
  body: CompleteTransfer,
  rejections: { 'transfer-not-open': 422 },
  decide: ({ transfers }, { id }, { event, reject, target }) =>
    transfers.has(id)
      ? [event('TransferCompleted', { id })]
      : reject('transfer-not-open', `book "${target}" has no open transfer "${id}"`),
})

export class RefundTransfer extends CompleteTransfer {
  @IsText({ min: 1, max: 64 }) readonly code!: string
  @IsProse() readonly reason!: string
}

/** Sent to the sending book when the other one has refused. What it takes is reserved and its accounts are kept open: no rule can refuse it. */
export const refundTransfer = command(book, 'refund-transfer', {
  body: RefundTransfer,
  rejections: { 'transfer-not-open': 422 },
  decide: ({ transfers }, refused, { event, reject, target }) => {
    const back = transfers.get(refused.id)
    return back
      ? [event('TransactionPosted', back), event('TransferRefunded', refused)]
      : reject('transfer-not-open', `book "${target}" has no open transfer "${refused.id}"`)
  },
})
