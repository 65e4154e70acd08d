import { Type } from 'class-transformer'
import { IsArray, IsInt, IsObject, IsOptional, IsString, Length, ValidateNested } from 'class-validator'
import { type DtoClass, type FieldError } from '#domain-kit'
import { Problem } from '#runtime'
import { type Source, validateDto } from './validate.js'

class Wheel {
  @IsInt() readonly inches!: number
}
class Engine {
  @Length(1, 8) readonly name!: string
}
class Vehicle {
  @IsString() readonly plate!: string
}
class Car extends Vehicle {
  @IsOptional() @IsObject() @ValidateNested() @Type(() => Engine) readonly engine?: Engine
  @IsOptional() @IsArray() @ValidateNested({ each: true }) @Type(() => Wheel) readonly wheels?: Wheel[]
  /** Anything goes. */
  @IsOptional() @IsObject() readonly notes?: object
}

function problem(dto: DtoClass, value: unknown, source: Source = 'body'): Problem {
  try {
    validateDto(dto, value, source)
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
  throw new Error('it was taken')
}
const errors = (value: unknown): readonly FieldError[] => problem(Car, value).errors ?? []
const named = (value: unknown): string[] => errors(value).map(({ field, rule }) => `${field} ${rule}`)
const plate = 'AB-1'

describe('a value that keeps the rules', () => {
  test('is handed on itself, not a copy: what is stored and hashed is what was sent', () => {
    const sent = { plate, engine: { name: 'V8' }, wheels: [{ inches: 16 }], notes: { any: [{ thing: 1 }] } }
    const before = structuredClone(sent)
    expect(validateDto(Car, sent, 'body')).toBe(sent)
    expect(sent).toEqual(before)
  })

  test('may leave out what is optional', () => {
    expect(() => validateDto(Car, { plate }, 'body')).not.toThrow()
  })

  test('is never converted', () => {
    expect(named({ plate, wheels: [{ inches: '16' }] })).toEqual(['wheels.0.inches isInt'])
    expect(named({ plate: 5 })).toEqual(['plate isString'])
  })
})

describe('what is no object', () => {
  test.each([[undefined], [null], ['text'], [5], [true], [[]], [[{ plate }]]])('is refused: %j', (value) => {
    expect(named(value)).toEqual([' object'])
  })
})

describe('a broken rule', () => {
  test('is told with its field, itself and a message that begins with the field', () => {
    expect(errors({})).toEqual([{ field: 'plate', rule: 'isString', message: 'plate must be a string' }])
    const message = 'wheels.1.inches must be an integer number'
    expect(errors({ plate, wheels: [{ inches: 1 }, {}] })).toEqual([
      { field: 'wheels.1.inches', rule: 'isInt', message },
    ])
  })

  test('is told with every other one', () => {
    expect(named({ plate: 5, engine: { name: '' }, wheels: [{ inches: 'x' }, { inches: 0.5 }] }).sort()).toEqual([
      'engine.name isLength',
      'plate isString',
      'wheels.0.inches isInt',
      'wheels.1.inches isInt',
    ])
  })

  test('makes a problem whose detail holds the first three, and whose errors hold fifty', () => {
    const wheels = Array.from({ length: 200 }, () => ({ inches: 'x' }))
    const { detail, errors: all } = problem(Car, { plate, wheels })
    expect(detail.split('; ')).toHaveLength(3)
    expect(all).toHaveLength(50)
  })

  test.each<[Source, string]>([
    ['body', 'invalid-body'],
    ['query', 'invalid-parameter'],
    ['path', 'invalid-parameter'],
  ])('of a %s is the problem %s', (source, code) => {
    expect(problem(Car, {}, source)).toMatchObject({ code, status: 400 })
    expect(problem(Car, [], source)).toMatchObject({ code, detail: `the ${source} must be a JSON object` })
  })
})

describe('a field that nobody reads', () => {
  test('is refused wherever it stands', () => {
    expect(named({ plate, colour: 'red' })).toEqual(['colour unknown-field'])
    expect(named({ plate, engine: { name: 'V8', size: 5 } })).toEqual(['engine.size unknown-field'])
    expect(named({ plate, wheels: [{ inches: 1 }, { inches: 1, rim: 'x' }] })).toEqual(['wheels.1.rim unknown-field'])
    expect(errors({ plate, colour: 'red' })[0]?.message).toBe('colour is not a field that is read here')
  })

  test('is named in brief', () => {
    const name = 'x'.repeat(500_000)
    for (const sent of [
      { [name]: 1 },
      { [name]: null },
      { engine: { name: 'V8', [name]: 1 } },
      { [name]: { a: [[1]] } },
    ]) {
      const { detail, errors: all = [] } = problem(Car, { plate, ...sent })
      expect(all).toHaveLength(1)
      expect(JSON.stringify([detail, all]).length).toBeLessThan(700)
    }
  })

  const inherited = Object.getOwnPropertyNames(Object.prototype)
  test.each(inherited)('is refused when every object has one of its name: %s', (name) => {
    const with_ = (text: string): unknown => JSON.parse(text.replace('#', `"${name}":{"x":1}`))
    expect(named(with_('{"plate":"AB-1",#}'))).toEqual([`${name} unknown-field`])
    expect(named(with_('{"plate":"AB-1","engine":{"name":"V8",#}}'))).toEqual([`engine.${name} unknown-field`])
    expect(named(with_('{"plate":"AB-1","wheels":[{"inches":1,#}]}'))).toEqual([`wheels.0.${name} unknown-field`])
  })

  test.each(inherited)('does not exist in what is free of form: %s is kept', (name) => {
    const sent: unknown = JSON.parse(`{"plate":"AB-1","notes":{"${name}":"text","deep":{"${name}":[1]}}}`)
    expect(JSON.stringify(validateDto(Car, sent, 'body'))).toBe(JSON.stringify(sent))
  })
})

describe('a shape that would slip through', () => {
  test('null is not a way to leave something out', () => {
    expect(errors({ plate, engine: null })).toEqual([
      { field: 'engine', rule: 'null', message: 'engine is null; leave the field out instead' },
    ])
    expect(named({ plate, wheels: [null, { inches: null }] }).sort()).toEqual(['wheels.0 null', 'wheels.1.inches null'])
  })

  test('a list within a list', () => {
    expect(named({ plate, wheels: [[{ inches: 'not an integer' }]] })).toEqual(['wheels.0 object'])
  })

  test('a list in the place of an object, and an object in the place of a list', () => {
    expect(named({ plate, engine: [{ name: 'V8' }] })).toEqual(['engine isObject'])
    expect(named({ plate, wheels: { 0: { inches: 1 }, length: 1 } })).toContain('wheels isArray')
    expect(named({ plate, wheels: ['a', 5] })).not.toEqual([])
  })

  test('nesting too deep for recursion', () => {
    const nested = (depth: number): unknown => JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`)
    expect(() => validateDto(Car, { plate, notes: nested(14) }, 'body')).not.toThrow()
    expect(errors({ plate, notes: nested(100_000) })).toMatchObject([{ rule: 'depth' }])
    expect(errors({ plate, notes: nested(100_000) })[0]?.field.length).toBeLessThanOrEqual(101)
    const lists: unknown = JSON.parse(`${'{"a":['.repeat(50_000)}1${']}'.repeat(50_000)}`)
    expect(errors({ plate, notes: lists })).toMatchObject([{ rule: 'depth' }])
  })
})
