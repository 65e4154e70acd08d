import { getMetadataStorage, ValidationTypes } from 'class-validator'
import { type DtoClass } from '#domain-kit'
import { type Check, type Rule, ruleOf } from './compiled-rule.js'
import { DEPTH_MAX } from './shape.js'
import { transformerStorage } from './transformer-storage.js'

const checks = new WeakMap<DtoClass, Check>()

/**
 * Does a value keep every rule of its DTO class beyond doubt? Asks the rules that class-validator's decorators left behind
 * at a tenth of what class-validator takes to. It may only err to the safe side: whatever it does not know (groups,
 * conditions other than `IsOptional`, rules that look at their neighbours, promises) counts as doubt.
 */
export function isSurelyValid(dto: DtoClass, value: object): boolean {
  try {
    return checkOf(dto)(value, 1)
  } catch {
    // A rule that asks for what only an instance has, or is broken: the same will come of it there, with a stack.
    return false
  }
}

function checkOf(dto: DtoClass): Check {
  const known = checks.get(dto)
  if (known) return known
  // A class may hold itself: whoever asks meanwhile gets what will be there.
  checks.set(dto, (value, depth) => checkOf(dto)(value, depth))
  const check = compile(dto)
  checks.set(dto, check)
  return check
}

function compile(dto: DtoClass): Check {
  const rules = rulesOf(dto)
  if (!rules) return () => false
  const required = [...rules.values()].filter(({ isRequired }) => isRequired).length
  return (value, depth) => {
    if (depth > DEPTH_MAX) return false
    let missing = required
    for (const name of Object.keys(value)) {
      const rule = rules.get(name)
      if (!rule?.passes((value as Readonly<Record<string, unknown>>)[name], depth)) return false
      if (rule.isRequired) missing -= 1
    }
    return missing === 0
  }
}

/** By field; undefined when one of them is beyond what is compiled here. */
function rulesOf(dto: DtoClass): ReadonlyMap<string, Rule> | undefined {
  const storage = getMetadataStorage()
  const metadata = storage.getTargetValidationMetadatas(dto, '', false, false)
  const rules = new Map<string, Rule>()
  for (const [name, group] of Object.entries(storage.groupByPropertyName(metadata))) {
    if (name in (dto.prototype as object)) return undefined
    const type = transformerStorage.findTypeMetadata(dto, name)?.typeFunction()
    const isNested = group.some((each) => each.type === ValidationTypes.NESTED_VALIDATION)
    // What is made an instance but not looked into, or looked into without being one, is left to class-validator.
    if (isNested !== (type !== undefined)) return undefined
    const rule = ruleOf(group, type && checkOf(type))
    if (!rule) return undefined
    rules.set(name, rule)
  }
  return rules
}
