import { getMetadataStorage, type ValidationArguments, ValidationTypes } from 'class-validator'
import { DEPTH_MAX } from './shape.js'

/** Of a value that stands `depth` objects and lists deep. False: class-validator has to say what, if anything, is wrong. */
export type Check = (value: object, depth: number) => boolean

type Metadata = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number]
type Constraint = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidatorConstraints']>[number]
type Test = (value: unknown) => boolean

/** All that one field must keep. */
export interface Rule {
  readonly isRequired: boolean
  /** @param depth of the object that the field is in. */
  passes(value: unknown, depth: number): boolean
}

/** @param nested the check of what the field holds, when that is a DTO. @returns undefined for what is not compiled. */
export function ruleOf(metadata: readonly Metadata[], nested: Check | undefined): Rule | undefined {
  const tests: Test[] = []
  let isRequired = nested !== undefined
  let isOptional = false
  for (const each of metadata) {
    if (each.validateIf) return undefined
    switch (each.type) {
      case ValidationTypes.WHITELIST:
      case ValidationTypes.NESTED_VALIDATION:
        break
      case ValidationTypes.CONDITIONAL_VALIDATION:
        if (each.name !== 'isOptional') return undefined
        isOptional = true
        break
      case ValidationTypes.CUSTOM_VALIDATION:
      case ValidationTypes.IS_DEFINED: {
        const more = testsOf(each)
        if (!more) return undefined
        tests.push(...more)
        isRequired = true
        break
      }
      default:
        return undefined
    }
  }
  const hasShape = nested ? holds(nested) : isPlain
  return {
    isRequired: isRequired && !isOptional,
    // The shape first: rules may recurse.
    passes: (value, depth) => {
      if (value === null || value === undefined) return false
      if (typeof value === 'object' && !hasShape(value, depth + 1)) return false
      for (const test of tests) if (!test(value)) return false
      return typeof value === 'object' || nested === undefined
    },
  }
}

/** An object, or a list of objects, each of which passes. */
function holds(check: Check): Check {
  return (value, depth) => {
    if (!Array.isArray(value)) return check(value, depth)
    if (depth > DEPTH_MAX) return false
    for (const each of value as readonly unknown[])
      if (typeof each !== 'object' || each === null || Array.isArray(each) || !check(each, depth + 1)) return false
    return true
  }
}

/** What is free of form: no `null`, no list in a list, not too deep. */
function isPlain(value: object, depth: number): boolean {
  if (depth > DEPTH_MAX) return false
  const isList = Array.isArray(value)
  for (const name of Object.keys(value)) {
    const each = (value as Readonly<Record<string, unknown>>)[name]
    if (each === null || (isList && Array.isArray(each))) return false
    if (typeof each === 'object' && !isPlain(each, depth + 1)) return false
  }
  return true
}

function testsOf(metadata: Metadata): readonly Test[] | undefined {
  const { constraintCls, each } = metadata
  const constraints = getMetadataStorage().getTargetValidatorConstraints(constraintCls)
  if (constraints.some(({ async: isAsync }) => isAsync)) return undefined
  const tests = constraints.map((constraint) => testOf(metadata, constraint))
  return each ? tests.map(onEach) : tests
}

function testOf({ propertyName, constraints, target }: Metadata, { instance }: Constraint): Test {
  const about = new Arguments(propertyName, constraints ?? [], typeof target === 'string' ? target : target.name)
  return (value) => {
    about.value = value
    return instance.validate(value, about) === true
  }
}

function onEach(test: Test): Test {
  return (value) => {
    if (Array.isArray(value)) return value.every(test)
    return !(value instanceof Set || value instanceof Map) && test(value)
  }
}

/** What a rule is told beside the value. It is not told the object: that is no instance of its class here. */
class Arguments implements ValidationArguments {
  value: unknown = undefined

  constructor(
    readonly property: string,
    readonly constraints: unknown[],
    readonly targetName: string,
  ) {}

  get object(): never {
    throw new TypeError(`the rule of ${this.property} looks at other fields`)
  }
}
