import { type Operation } from '#testing'

/** A transaction that was acknowledged. Times on the shared clock. */
export interface Ack {
  /** 0, 1, 2 … in its book; each moves 1 to account `a`, whose balance is thereby the number of transactions. */
  readonly id: number
  readonly revision: bigint
  readonly position: bigint
  readonly invoked_ms: number
  readonly acked_ms: number
}

/** What the one client of a book was told of its commands. */
export interface BookHistory {
  readonly book: string
  /** How the book and its accounts were opened. */
  readonly opening: readonly Operation[]
  readonly acks: readonly Ack[]
}

/** Where an answer was read. */
export type Source = (typeof SOURCES)[number]

export const SOURCES = ['cache', 'replica', 'primary'] as const

/** An answer 200, as a number of transactions, with what its reader knew when it asked. */
export interface ReadAnswer {
  /** Which GET it was. */
  readonly query: string
  /** The position that was asked for at least; 0 when none was. */
  readonly token: bigint
  /** Transactions that had been acknowledged up to the token. */
  readonly acked: number
  /** The position that it bears, in its body and in its header. */
  readonly position: bigint
  readonly header: bigint
  readonly source: Source
  /** Transactions that the answer shows; NaN when it makes no sense. */
  readonly count: number
}

/** What a watch of a book's transactions was told. */
export interface ToldItems {
  readonly kind: 'snapshot' | 'change' | 'reset'
  readonly position: bigint
  /** Of a change in the order told; of a page from the oldest shown to the newest. */
  readonly ids: readonly number[]
}

/** What a watch of a balance was told, as a number of transactions. */
export interface ToldState {
  readonly kind: 'snapshot' | 'change' | 'reset'
  readonly position: bigint
  readonly count: number
}
