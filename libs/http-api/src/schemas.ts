import { getMetadataStorage } from 'class-validator'
import { targetConstructorToSchema, validationMetadatasToSchemas } from 'class-validator-jsonschema'
import { type DtoClass } from '#domain-kit'
import { transformerStorage } from './transformer-storage.js'

export type JsonSchema = Readonly<Record<string, unknown>>

const REF = '#/components/schemas/'

interface Conveyed {
  readonly jsonSchema?: JsonSchema
}

/** A rule of one's own says what it is in JSON Schema through its first constraint, `{ jsonSchema }`. */
function converters(): Record<string, (metadata: { constraints?: unknown[] }) => JsonSchema> {
  const names = new Set<string>()
  const { validationMetadatas } = getMetadataStorage() as unknown as {
    validationMetadatas: ReadonlyMap<unknown, readonly { name?: string; constraints?: unknown[] }[]>
  }
  for (const group of validationMetadatas.values())
    for (const { name, constraints } of group)
      if (name !== undefined && (constraints?.[0] as Conveyed | undefined)?.jsonSchema) names.add(name)
  return Object.fromEntries(
    [...names].map((name) => [name, ({ constraints }) => (constraints?.[0] as Conveyed).jsonSchema ?? {}]),
  )
}

/** These classes, and those of their fields, however deep. */
function withNested(dtos: readonly DtoClass[]): ReadonlySet<DtoClass> {
  const found = new Set<DtoClass>()
  const look = (dto: DtoClass): void => {
    if (found.has(dto)) return
    found.add(dto)
    for (const { propertyName } of getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false)) {
      const type = transformerStorage.findTypeMetadata(dto, propertyName)?.typeFunction()
      if (type) look(type)
    }
  }
  dtos.forEach(look)
  return found
}

/** What has decorators is found by its name alone: of two classes of one name a schema would be made together. */
function checkNames(dtos: readonly DtoClass[], taken: readonly string[]): void {
  const { validationMetadatas } = getMetadataStorage() as unknown as {
    validationMetadatas: ReadonlyMap<unknown, unknown>
  }
  const ours = withNested(dtos)
  const all = new Set<unknown>([...ours, ...validationMetadatas.keys()])
  for (const dto of ours) {
    const { name } = dto
    if (taken.includes(name))
      throw new RangeError(`no DTO class may be called "${name}": the OpenAPI page has that schema`)
    for (const other of all)
      if (other !== dto && typeof other === 'function' && other.name === name)
        throw new RangeError(`two DTO classes are called "${name}": on the OpenAPI page each needs a name of its own`)
  }
}

/**
 * JSON Schemas of every DTO class, by class name: from the same decorators that validate. A class that only inherits has
 * no decorator of its own and would be left out: `dtos` names those that must be there.
 *
 * @param taken names of other schemas.
 * @throws RangeError naming a class of `dtos`, or one nested in them, whose name another class or schema has.
 */
export function dtoSchemas(
  dtos: readonly DtoClass[],
  taken: readonly string[] = [],
): Readonly<Record<string, JsonSchema>> {
  checkNames(dtos, taken)
  const options = {
    classTransformerMetadataStorage: transformerStorage as never,
    additionalConverters: converters(),
    refPointerPrefix: REF,
  }
  const schemas = validationMetadatasToSchemas(options) as unknown as Record<string, JsonSchema>
  for (const dto of dtos) schemas[dto.name] ??= targetConstructorToSchema(dto, options) as unknown as JsonSchema
  return schemas
}

/** Those of the schemas that something refers to, itself or through another one. */
export function referred(
  from: unknown,
  schemas: Readonly<Record<string, JsonSchema>>,
): Readonly<Record<string, JsonSchema>> {
  const found = new Map<string, JsonSchema>()
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [key, each] of Object.entries(value)) {
      look(each)
      const name = key === '$ref' ? String(each).slice(REF.length) : ''
      const schema = schemas[name]
      if (!schema || found.has(name)) continue
      found.set(name, schema)
      look(schema)
    }
  }
  look(from)
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)))
}

export const schemaRef = (dto: DtoClass): JsonSchema => ({ $ref: `${REF}${dto.name}` })
