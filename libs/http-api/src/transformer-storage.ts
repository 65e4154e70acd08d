import { createRequire } from 'node:module'
import { type DtoClass } from '#domain-kit'
import { projectRoot } from '#runtime'

interface TransformerStorage {
  findTypeMetadata(target: DtoClass, property: string): { typeFunction(): DtoClass } | undefined
}

const load = createRequire(`${projectRoot()}/package.json`)

/** What `@Type` has told; class-transformer does not export its storage from its face. */
export const { defaultMetadataStorage: transformerStorage } = load('class-transformer/cjs/storage.js') as {
  defaultMetadataStorage: TransformerStorage
}
