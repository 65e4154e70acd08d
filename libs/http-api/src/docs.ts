import { type INestApplication } from '@nestjs/common'
import { type OpenAPIObject, SwaggerModule } from '@nestjs/swagger'
import { type OpenApiDocument } from './openapi.js'

/** `/docs` and `/docs-json`. Open, like health: they hold no data, and a token is asked for by what they describe. */
export function serveDocs(app: INestApplication, document: OpenApiDocument): void {
  SwaggerModule.setup('docs', app, document as unknown as OpenAPIObject, { jsonDocumentUrl: 'docs-json' })
}
