import { type LiveUpdate } from '#live-client'
import { type ToldItems, type ToldState } from './history.js'
import { balanceIn } from './queries.js'
import { type Watching } from './raw-live.js'

interface Page {
  readonly items: readonly { readonly id: string }[]
}

/** Watches a book over a connection of its own: the list of its transactions, and the balance of one account. */
export class Watcher {
  readonly items: ToldItems[] = []
  readonly states: ToldState[] = []
  /** Watches that have ended, or a connection that has, though nobody ended them. */
  readonly errors: string[] = []
  private readonly live: Watching

  /** @param connect tells what cannot be watched any more. */
  constructor(book: string, connect: (onError: (error: Error) => void) => Watching) {
    this.live = connect((error) => this.errors.push(`${book}: ${error.message}`))
    this.live.watch<Page>(`/v1/ledger/books/${book}/transactions`, (update) => this.items.push(itemsOf(update)))
    this.live.watch<Record<string, unknown> | null>(`/v1/ledger/books/${book}/balances/a`, (update) =>
      this.states.push({ kind: update.kind, position: BigInt(update.position), count: balanceIn(update.data) }),
    )
  }

  /** Both watches were told of the log up to here; -1 before the first. */
  get position(): bigint {
    const [items, states] = [this.items.at(-1)?.position ?? -1n, this.states.at(-1)?.position ?? -1n]
    return items < states ? items : states
  }

  close(): void {
    this.live.close()
  }
}

function itemsOf({ kind, position, data }: LiveUpdate<Page>): ToldItems {
  const ids = data.items.map(({ id }) => Number(id))
  return { kind, position: BigInt(position), ids: kind === 'change' ? ids : ids.reverse() }
}
