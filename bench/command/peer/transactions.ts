import { type DataSource, type EntityManager, In } from 'typeorm'
import { add, formatDecimal, isZero, parseDecimal, ZERO } from '#domain-kit'
import { Problem } from '#runtime'
import { Balance, PostingRow, Transaction } from './entities.js'

export interface Body {
  readonly id: string
  readonly date: string
  readonly description?: string
  readonly postings: readonly { readonly account: string; readonly commodity: string; readonly amount: string }[]
}

/** Posts a transaction as one database transaction that locks the balances it changes, always in the same order. */
export async function postTransaction(database: DataSource, book: string, key: string, body: Body): Promise<string> {
  const total = body.postings.reduce((sum, { amount }) => add(sum, parseDecimal(amount)), ZERO)
  if (!isZero(total)) throw Problem.of('invalid-body', 'the postings do not balance')
  return database.transaction(async (manager) => {
    const balances = await locked(manager, book, body)
    const { id, date, description = null } = body
    const { identifiers } = await manager.insert(Transaction, { book, id, key, date, description })
    const { position } = identifiers[0] as { position: string }
    await manager.insert(
      PostingRow,
      body.postings.map((posting, ordinal) => ({ position, ordinal, ...posting })),
    )
    for (const { account, commodity, amount } of body.postings) {
      const balance = balances.get(account)
      if (!balance) throw Problem.of('invalid-body', `there is no account ${account}`)
      balance.amount = formatDecimal(add(parseDecimal(balance.amount), parseDecimal(amount)))
      await manager.update(Balance, { book, account, commodity }, { amount: balance.amount })
    }
    return position
  })
}

async function locked(manager: EntityManager, book: string, { postings }: Body): Promise<Map<string, Balance>> {
  const accounts = [...new Set(postings.map(({ account }) => account))]
  const rows = await manager.find(Balance, {
    where: { book, account: In(accounts), commodity: postings[0]?.commodity ?? '' },
    order: { account: 'ASC' },
    lock: { mode: 'pessimistic_write' },
  })
  return new Map(rows.map((row) => [row.account, row]))
}
