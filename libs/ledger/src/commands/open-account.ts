import { Type } from 'class-transformer'
import { ArrayMaxSize, ArrayUnique, IsArray, IsOptional, ValidateNested } from 'class-validator'
import { command } from '#domain-kit'
import { book } from '../book/book.js'
import { IsAccountName } from '../input/names.js'
import { AmountDto } from '../input/posting.dto.js'

export class OpenAccount {
  @IsAccountName() readonly account!: string

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(64)
  @ArrayUnique((each: AmountDto | null) => each?.commodity)
  @ValidateNested({ each: true })
  @Type(() => AmountDto)
  readonly lowestBalance?: AmountDto[]
}

/** Opens an account, or opens a closed one again; its balances were never gone. */
export const openAccount = command(book, 'open-account', {
  body: OpenAccount,
  route: 'POST /books/{book}/accounts',
  summary: 'Open an account, or a closed one again, optionally with the lowest balance it may come to',
  example: { account: 'assets:cash', lowestBalance: [{ commodity: 'EUR', amount: '-100' }] },
  rejections: { 'book-not-found': 404, 'account-exists': 409 },
  decide: (state, { account, lowestBalance }, { event, reject, target }) => {
    if (!state.isOpen) return reject('book-not-found', `there is no book "${target}"; open it first`)
    if (state.accounts.get(account)?.isOpen)
      return reject('account-exists', `account "${account}" is open already in book "${target}"`)
    return [event('AccountOpened', { account, ...(lowestBalance ? { lowestBalance } : {}) })]
  },
})
