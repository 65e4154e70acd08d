import { type DtoClass, type FieldError } from '#domain-kit'
import { fieldIn } from './field-path.js'
import { transformerStorage } from './transformer-storage.js'

/**
 * A value as instances of its DTO class and of those that `@Type` names, which is how class-validator finds its rules.
 * Not class-transformer's `plainToInstance`: that leaves out or stumbles over `constructor` and `__proto__`, and
 * class-validator takes whatever every object has (`toString`) for a known field. A field so named is added to `faults`;
 * in what is no DTO, such as tags, it is a name like any other. Recursive: callers bound the depth.
 */
export function instanceOf(dto: DtoClass, value: object, faults: FieldError[], path = ''): object {
  const instance = Object.create(dto.prototype as object) as Record<string, unknown>
  for (const [name, each] of Object.entries(value) as [string, unknown][]) {
    const field = fieldIn(path, name)
    if (name in Object.prototype) faults.push(unknownField(field))
    else instance[name] = nested(transformerStorage.findTypeMetadata(dto, name)?.typeFunction(), each, faults, field)
  }
  return instance
}

function nested(dto: DtoClass | undefined, value: unknown, faults: FieldError[], path: string): unknown {
  if (!dto || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value))
    return value.map((each: unknown, at) => nested(dto, each, faults, fieldIn(path, String(at))))
  return instanceOf(dto, value, faults, path)
}

export function unknownField(field: string): FieldError {
  return { field, rule: 'unknown-field', message: `${field} is not a field that is read here` }
}
