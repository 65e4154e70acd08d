import { type Decimal } from './decimal-text.js'

/** What is read of a cost: `@` is per unit, `@@` in total. Its sign is as hledger wrote it. */
export interface JournalCost {
  readonly kind: 'unit' | 'total'
  readonly amount: Decimal
  readonly commodity: string
}

/** One amount in one commodity; a posting of hledger may hold several, or none. */
export interface JournalAmount {
  readonly quantity: Decimal
  readonly commodity: string
  readonly cost?: JournalCost
}

/** `virtual` is hledger's `(account)`, which nothing balances; `balanced-virtual` is `[account]`. */
export interface JournalPosting {
  readonly account: string
  readonly kind: 'real' | 'virtual' | 'balanced-virtual'
  readonly amounts: readonly JournalAmount[]
}

/** What the importer uses of a transaction of `hledger print -O json`, whichever version wrote it. */
export interface JournalTransaction {
  readonly date: string
  readonly description: string
  readonly code: string
  readonly comment: string
  readonly tags: readonly (readonly [name: string, value: string])[]
  readonly postings: readonly JournalPosting[]
  /** `file:line` of the journal it was written in, if hledger says. */
  readonly source: string | undefined
}
