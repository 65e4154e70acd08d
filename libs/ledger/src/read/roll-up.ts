import { addText } from '#domain-kit'

interface Line {
  readonly account: string
  readonly commodity: string
  readonly amount: string
}

/** `a:b:c` → `a:b:c`, `a:b`, `a`. An empty segment is a name like any other. */
function* withParents(account: string): Generator<string> {
  yield account
  for (let colon = account.lastIndexOf(':'); colon > 0; colon = account.lastIndexOf(':', colon - 1))
    yield account.slice(0, colon)
}

/** Balances that include those of the accounts below: the sum of each account's subtree, by commodity. */
export function rolledUp(lines: readonly Line[]): Line[] {
  const sums = new Map<string, Map<string, string>>()
  for (const { account, commodity, amount } of lines)
    for (const name of withParents(account)) {
      const sum = sums.get(name) ?? new Map<string, string>()
      sums.set(name, sum.set(commodity, addText(sum.get(commodity) ?? '0', amount)))
    }
  return [...sums].flatMap(([account, sum]) => [...sum].map(([commodity, amount]) => ({ account, commodity, amount })))
}
