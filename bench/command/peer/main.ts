import 'reflect-metadata'
import { Body, Controller, Headers, HttpCode, Inject, Param, Post } from '@nestjs/common'
import { TypeOrmModule } from '@nestjs/typeorm'
import { DataSource } from 'typeorm'
import { validateDto } from '#http-api'
import { ledger } from '#ledger'
import { authSettings, createAuthenticator, Problem, RequireScope, setting, startService } from '#runtime'
import { Balance, PostingRow, Transaction } from './entities.js'
import { type Body as Sent, postTransaction } from './transactions.js'

const settings = {
  ...authSettings,
  PEER_URL: setting.url({ description: 'database of the peer', schemes: ['postgres', 'postgresql'] }),
} as const

const dto = ledger.commands.find(({ name }) => name === 'post-transaction')?.body

@Controller()
class TransactionController {
  constructor(@Inject(DataSource) private readonly database: DataSource) {}

  @Post('/v1/ledger/books/:book/transactions')
  @HttpCode(201)
  @RequireScope('write')
  async post(
    @Param('book') book: string,
    @Headers('idempotency-key') key: string | undefined,
    @Body() sent: unknown,
  ): Promise<{ readonly stream: string; readonly revision: string; readonly position: string }> {
    if (!dto || key === undefined) throw Problem.of('invalid-parameter', 'send an Idempotency-Key')
    const body = validateDto(dto, sent, 'body') as Sent
    const position = await postTransaction(this.database, book, key, body)
    return { stream: `book-${book}`, revision: '0', position }
  }
}

/**
 * What a team would write instead: Nest and TypeORM, tables of balances, transactions and postings, one database transaction
 * with row locks a request. The tokens and the checks of the input are those of the product.
 */
await startService('peer', settings, async ({ config }) => {
  class Peer {}
  return {
    module: {
      module: Peer,
      imports: [
        TypeOrmModule.forRoot({
          type: 'postgres',
          url: config.PEER_URL,
          entities: [Balance, Transaction, PostingRow],
          synchronize: true,
          poolSize: 20,
        }),
      ],
      controllers: [TransactionController],
    },
    authenticator: await createAuthenticator({
      jwksUrl: config.HEADWATER_JWKS_URL,
      issuer: config.HEADWATER_JWT_ISSUER,
      audience: config.HEADWATER_JWT_AUDIENCE,
      aggregates: [],
    }),
  }
})
