import { processManager } from '#domain-kit'
import { book } from './book/book.js'
import { receiveTransfer } from './commands/receive-transfer.js'
import { completeTransfer, declineTransfer, refundTransfer } from './commands/settle-transfer.js'

/**
 * Brings money from book to book. Between its commands the money stands on the sending book's account with the other one,
 * and each book balances by itself.
 */
export const transfers = processManager('transfers', {
  of: book,
  sends: [receiveTransfer, declineTransfer, completeTransfer, refundTransfer],
  on: {
    TransferRequested: ({ aggregateId: from, data }, { send }) => {
      const { id, date, description, to, toAccount: account, amount, commodity } = data
      const said = description === undefined ? {} : { description }
      return send(receiveTransfer, {
        target: to,
        body: { from, id, date, ...said, account, amount, commodity },
        onRejected: {
          command: declineTransfer,
          body: ({ code, detail }) => ({ from, id, code, reason: detail }),
        },
      })
    },
    TransferReceived: ({ data: { from, id } }, { send }) => send(completeTransfer, { target: from, body: { id } }),
    TransferDeclined: ({ data: { from, id, code, reason } }, { send }) =>
      send(refundTransfer, { target: from, body: { id, code, reason } }),
  },
})
