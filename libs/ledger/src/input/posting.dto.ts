import { Type } from 'class-transformer'
import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn, IsObject, IsOptional, ValidateNested } from 'class-validator'
import { IsAccountName, IsAmount, IsCommodity, IsDay, IsId, IsProse, IsTags, IsText } from './names.js'

/** What one unit cost, or what all of it cost. */
export class CostDto {
  @IsIn(['unit', 'total']) readonly kind!: 'unit' | 'total'
  @IsAmount({ nonNegative: true }) readonly amount!: string
  @IsCommodity() readonly commodity!: string
}

export class PostingDto {
  @IsAccountName() readonly account!: string
  @IsAmount() readonly amount!: string
  @IsCommodity() readonly commodity!: string
  @IsOptional() @IsObject() @ValidateNested() @Type(() => CostDto) readonly cost?: CostDto
}

export class AmountDto {
  @IsCommodity() readonly commodity!: string
  @IsAmount() readonly amount!: string
}

/** What a transaction and a hold have in common. */
export class EntryDto {
  @IsId() readonly id!: string
  @IsDay() readonly date!: string
  @IsOptional() @IsProse() readonly description?: string
  @IsOptional() @IsText({ min: 0, max: 255 }) readonly code?: string
  @IsOptional() @IsProse() readonly comment?: string
  @IsOptional() @IsTags() readonly tags?: Record<string, string>

  @IsArray()
  @ArrayMinSize(2)
  @ArrayMaxSize(1000)
  @ValidateNested({ each: true })
  @Type(() => PostingDto)
  readonly postings!: PostingDto[]
}

/** What both take, for the OpenAPI page. */
export const ENTRY_EXAMPLE: EntryDto = {
  id: 'coffee-2',
  date: '2026-11-23',
  description: 'coffee',
  postings: [
    { account: 'expenses:food', amount: '3.20', commodity: 'EUR' },
    { account: 'assets:cash', amount: '-3.20', commodity: 'EUR' },
  ],
}
