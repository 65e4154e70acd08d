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

export type BookEvent =
  | { type: 'BookOpened'; data: { readonly description?: string } }
  | { type: 'AccountOpened'; data: { readonly account: string; readonly lowestBalance?: readonly Amount[] } }
  | { type: 'AccountClosed'; data: { readonly account: string } }
  | { type: 'TransactionPosted'; data: PostedTransaction }
  | { type: 'HoldPlaced'; data: Entry }
  | { type: 'HoldReleased'; data: { readonly id: string } }
