import { type INestApplication } from '@nestjs/common'
import { type OpenAPIObject } from '@nestjs/swagger'
import { type OpenApiDocument } from './openapi.js'

/** `/docs` and `/docs-json`. Open, like health: they hold no data, and a token is asked for by what they describe. */
export async function serveDocs(app: INestApplication, document: OpenApiDocument): Promise<void> {
  // Five hundred modules, which nobody else needs.
  const { SwaggerModule } = await import('@nestjs/swagger')
  SwaggerModule.setup('docs', app, document as unknown as OpenAPIObject, { jsonDocumentUrl: 'docs-json' })
}
