import { addText, checkRows } from '#domain-kit'

interface Line {
  readonly account: string
  readonly commodity: string
  readonly amount: string
}

/** `a:b` for `a:b:c`; undefined for `a`. An empty segment is a name like any other. */
function parentOf(account: string): string | undefined {
  const colon = account.lastIndexOf(':')
  return colon > 0 ? account.slice(0, colon) : undefined
}

class Sums {
  /** By account, by commodity. Whatever stands above an account that is here is here, too. */
  private readonly all = new Map<string, Map<string, string>>()
  private count = 0

  /** Makes room for an account and those above it. @throws TooManyRows */
  open(account: string, commodity: string): void {
    for (let name: string | undefined = account; name !== undefined; name = parentOf(name)) {
      const sums = this.all.get(name) ?? new Map<string, string>()
      if (sums.has(commodity)) return
      this.count += 1
      checkRows(this.count)
      this.all.set(name, sums.set(commodity, '0'))
    }
  }

  add({ account, commodity, amount }: Line): void {
    const sums = this.all.get(account)
    sums?.set(commodity, addText(sums.get(commodity) ?? '0', amount))
  }

  *lines(accounts: Iterable<string> = this.all.keys()): Generator<Line> {
    for (const account of accounts)
      for (const [commodity, amount] of this.all.get(account) ?? []) yield { account, commodity, amount }
  }

  /** Those below before those above: their names are longer. */
  get upwards(): readonly string[] {
    return [...this.all.keys()].sort((a, b) => b.length - a.length)
  }
}

/**
 * Balances that include those of the accounts below: the sum of each account's subtree, by commodity. It takes as long as there are lines, however deep
 * the tree is.
 *
 * @throws TooManyRows
 */
export function rolledUp(lines: readonly Line[]): Line[] {
  const sums = new Sums()
  for (const line of lines) {
    sums.open(line.account, line.commodity)
    sums.add(line)
  }
  for (const line of sums.lines(sums.upwards)) {
    const account = parentOf(line.account)
    if (account !== undefined) sums.add({ ...line, account })
  }
  return [...sums.lines()]
}
