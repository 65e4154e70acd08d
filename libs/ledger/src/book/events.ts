/** What one unit of the posting cost, or what all of it cost. Never negative: a total cost takes its posting's sign. */
export interface Cost {
  readonly kind: 'unit' | 'total'
  readonly amount: string
  readonly commodity: string
}

export interface Posting {
  readonly account: string
  readonly amount: string
  readonly commodity: string
  readonly cost?: Cost
}

export interface Amount {
  readonly commodity: string
  readonly amount: string
}

/** What a transaction and a hold say. */
export interface Entry {
  readonly id: string
  readonly date: string
  readonly description?: string
  readonly code?: string
  readonly comment?: string
  readonly tags?: Readonly<Record<string, string>>
  readonly postings: readonly Posting[]
}

export interface PostedTransaction extends Entry {
  /** The transaction that this one undoes. */
  readonly reverses?: string
  /** The hold that became this transaction. */
  readonly captures?: string
}

/** Money on its way from an account of the book that holds this event to an account of another book. */
export interface Transfer {
  /** Unique among the transactions of the sending book. */
  readonly id: string
  readonly date: string
  readonly description?: string
  readonly account: string
  /** The receiving book. */
  readonly to: string
  readonly toAccount: string
  /** Above zero. */
  readonly amount: string
  readonly commodity: string
}

/** Why the receiving book refused: a rejection's code, and its words. */
export interface Refusal {
  readonly code: string
  readonly reason: string
}

/** A transfer as the receiving book names it: by the book that sent it, and its id there. */
export interface Origin {
  readonly from: string
  readonly id: string
}

export type BookEvent =
  | { type: 'BookOpened'; data: { readonly description?: string } }
  | { type: 'AccountOpened'; data: { readonly account: string; readonly lowestBalance?: readonly Amount[] } }
  | { type: 'AccountClosed'; data: { readonly account: string } }
  | { type: 'TransactionPosted'; data: PostedTransaction }
  | { type: 'HoldPlaced'; data: Entry }
  | { type: 'HoldReleased'; data: { readonly id: string } }
  /** In the sending book, after the transaction that takes the money out. */
  | { type: 'TransferRequested'; data: Transfer }
  | { type: 'TransferCompleted'; data: { readonly id: string } }
  /** In the sending book, after the transaction that puts the money back. */
  | { type: 'TransferRefunded'; data: Refusal & { readonly id: string } }
  /** In the receiving book, after the transaction that brings the money in. */
  | { type: 'TransferReceived'; data: Origin }
  /** In the receiving book, or where it would be if anybody had opened it. */
  | { type: 'TransferDeclined'; data: Origin & Refusal }
