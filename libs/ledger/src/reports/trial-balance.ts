import { absolute, add, type Decimal, formatDecimal, parseDecimal, report, ZERO } from '#domain-kit'
import { IsBookName } from '../input/names.js'
import { accounts, balancesOf } from '../read/accounts.js'

export class TrialBalanceParams {
  @IsBookName() readonly book!: string
}

interface Line {
  readonly account: string
  readonly commodity: string
  readonly debit: string
  readonly credit: string
}

interface Total {
  readonly commodity: string
  readonly debit: string
  readonly credit: string
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function totalsOf(lines: readonly Line[]): readonly Total[] {
  const sums = new Map<string, { debit: Decimal; credit: Decimal }>()
  for (const { commodity, debit, credit } of lines) {
    const before = sums.get(commodity) ?? { debit: ZERO, credit: ZERO }
    sums.set(commodity, {
      debit: add(before.debit, parseDecimal(debit)),
      credit: add(before.credit, parseDecimal(credit)),
    })
  }
  return [...sums]
    .map(([commodity, { debit, credit }]) => ({
      commodity,
      debit: formatDecimal(debit),
      credit: formatDecimal(credit),
    }))
    .sort((a, b) => order(a.commodity, b.commodity))
}

/** RFC 4180: quoted when it holds a comma, a quote or a line break; a quote is doubled. */
const field = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** Every account's balance as debit or credit, with the totals of each commodity. */
export const trialBalance = report(accounts, 'trial-balance', {
  params: TrialBalanceParams,
  summary: 'The trial balance of a book: each account as debit or credit, with totals by commodity',
  target: ({ book }) => ({ aggregate: 'book', id: book }),
  where: ({ book }) => ({ book }),
  compute: (rows, { book }) => {
    const lines: Line[] = rows
      .flatMap((row) => balancesOf(row))
      .map(({ account, commodity, amount }) => {
        const value = parseDecimal(amount)
        const size = formatDecimal(absolute(value))
        return { account, commodity, debit: value.units < 0n ? '0' : size, credit: value.units < 0n ? size : '0' }
      })
      .sort((a, b) => order(a.account, b.account) || order(a.commodity, b.commodity))
    return { book, lines, totals: totalsOf(lines) }
  },
  formats: {
    json: {
      mediaType: 'application/json',
      render: (result, position) => JSON.stringify({ position: position.toString(), ...result }),
    },
    csv: {
      mediaType: 'text/csv; charset=utf-8',
      render: ({ lines, totals }, position) =>
        [
          ['account', 'commodity', 'debit', 'credit', 'position'],
          ...lines.map((line) => [line.account, line.commodity, line.debit, line.credit, position.toString()]),
          ...totals.map((total) => ['(total)', total.commodity, total.debit, total.credit, position.toString()]),
        ]
          .map((row) => `${row.map(field).join(',')}\r\n`)
          .join(''),
    },
  },
})
