import { domain } from '#domain-kit'
import { captureHold } from './commands/capture-hold.js'
import { closeAccount } from './commands/close-account.js'
import { openAccount } from './commands/open-account.js'
import { openBook } from './commands/open-book.js'
import { placeHold } from './commands/place-hold.js'
import { postTransaction } from './commands/post-transaction.js'
import { receiveTransfer } from './commands/receive-transfer.js'
import { releaseHold } from './commands/release-hold.js'
import { requestTransfer } from './commands/request-transfer.js'
import { reverseTransaction } from './commands/reverse-transaction.js'
import { completeTransfer, declineTransfer, refundTransfer } from './commands/settle-transfer.js'
import { accountStatement } from './read/account-statement.js'
import { accountBalance, balances } from './read/accounts.js'
import { bookList, bookSummary } from './read/books.js'
import { holdById } from './read/holds.js'
import { transaction, transactionList } from './read/transactions.js'
import { transfer, transferList } from './read/transfers.js'
import { trialBalance } from './reports/trial-balance.js'
import { transfers } from './transfers.js'

/** Double-entry bookkeeping in any number of commodities; one book is one stream. */
export const ledger = domain('ledger', {
  commands: [
    openBook,
    openAccount,
    closeAccount,
    postTransaction,
    reverseTransaction,
    placeHold,
    captureHold,
    releaseHold,
    requestTransfer,
  ],
  internal: [receiveTransfer, declineTransfer, completeTransfer, refundTransfer],
  processManagers: [transfers],
  resources: [
    bookList,
    bookSummary,
    balances,
    accountBalance,
    transactionList,
    transaction,
    accountStatement,
    holdById,
    transferList,
    transfer,
  ],
  reports: [trialBalance],
  titles: {
    'book-exists': 'The book is open already',
    'book-not-found': 'No such book',
    'account-exists': 'The account is open already',
    'account-not-found': 'No such account',
    'account-not-open': 'A posting names an account that was never opened',
    'account-closed': 'The account is closed',
    'account-held': 'An open hold or transfer touches the account',
    unbalanced: 'The postings do not balance',
    'too-many-commodities': 'An account would come to too many commodities',
    'below-lowest-balance': 'An account would come below its lowest balance',
    'transaction-exists': 'The transaction id was used with another content',
    'transaction-not-found': 'No such transaction',
    'transaction-of-transfer': 'The transaction belongs to a transfer',
    'transfer-to-itself': 'A transfer needs another book',
    'settlement-account': 'The account is the one through which the books settle',
    'already-reversed': 'The transaction was reversed before',
    'hold-exists': 'The hold id was used with another content',
    'hold-not-found': 'No such open hold',
    'hold-settled': 'The hold was captured or released before',
  },
})
