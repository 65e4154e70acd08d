import { Column, Entity, Index, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm'

/** What an account holds of a commodity; the row that a transaction locks. */
@Entity('balance')
export class Balance {
  @PrimaryColumn('text') book!: string
  @PrimaryColumn('text') account!: string
  @PrimaryColumn('text') commodity!: string
  @Column('numeric') amount!: string
}

@Entity('transaction')
@Index(['book', 'id'], { unique: true })
@Index(['book', 'key'], { unique: true })
export class Transaction {
  @PrimaryGeneratedColumn('identity', { type: 'bigint' }) position!: string
  @Column('text') book!: string
  @Column('text') id!: string
  /** The idempotency key: a second request with it violates the index. */
  @Column('text') key!: string
  @Column('date') date!: string
  @Column('text', { nullable: true }) description!: string | null
}

@Entity('posting')
export class PostingRow {
  @PrimaryColumn('bigint') position!: string
  @PrimaryColumn('integer') ordinal!: number
  @Column('text') account!: string
  @Column('text') commodity!: string
  @Column('numeric') amount!: string
}
