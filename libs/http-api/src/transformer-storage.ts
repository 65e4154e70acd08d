import { createRequire } from 'node:module'
import { type DtoClass } from '#domain-kit'

interface TransformerStorage {
  findTypeMetadata(target: DtoClass, property: string): { typeFunction(): DtoClass } | undefined
}

/** Where the project is: as for everything else that is looked up by path. */
const root = process.env['HEADWATER_ROOT'] ?? process.cwd()
const load = createRequire(`${root}/package.json`)

/** What `@Type` has told; class-transformer does not export its storage from its face. */
export const { defaultMetadataStorage: transformerStorage } = load('class-transformer/cjs/storage.js') as {
  defaultMetadataStorage: TransformerStorage
}
