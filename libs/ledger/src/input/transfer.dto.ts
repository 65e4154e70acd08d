import { IsOptional } from 'class-validator'
import { IsAccountName, IsAmount, IsBookName, IsCommodity, IsDay, IsId, IsProse, IsText } from './names.js'

/** With a book's name and a slash before it, or `/refund` behind it, it is still an id of at most 128 characters. */
export const TRANSFER_ID_LENGTH_MAX = 63

export class TransferDto {
  @IsText({ min: 1, max: TRANSFER_ID_LENGTH_MAX }) readonly id!: string
  @IsDay() readonly date!: string
  @IsOptional() @IsProse() readonly description?: string
  /** The account of this book that the money leaves. */
  @IsAccountName() readonly account!: string
  /** The book that is to receive it. */
  @IsBookName() readonly to!: string
  /** The account there. */
  @IsAccountName() readonly toAccount!: string
  @IsAmount({ positive: true }) readonly amount!: string
  @IsCommodity() readonly commodity!: string
}

/** What every command about a transfer from elsewhere says. */
export class OriginDto {
  @IsBookName() readonly from!: string
  @IsId() readonly id!: string
}
