import { Type } from 'class-transformer'
import { IsInt, IsString, ValidateNested } from 'class-validator'
import { type DtoClass } from '#domain-kit'
import { dtoSchemas } from './schemas.js'

const there = (() => {
  class Enter {
    @IsString() readonly plate!: string
  }
  return { Enter }
})()
const elsewhere = (() => {
  class Enter {
    @IsInt() readonly floor!: number
  }
  class Inherits extends Enter {}
  class Holds {
    @ValidateNested() @Type(() => Enter) readonly entry!: Enter
  }
  return { Enter, Inherits, Holds }
})()
class Alone {
  @IsString() readonly text!: string
}

test('a class stands there under its name, also when it only inherits', () => {
  class Child extends Alone {}
  expect(dtoSchemas([Alone, Child])).toMatchObject({
    Alone: { type: 'object', properties: { text: { type: 'string' } } },
    Child: { type: 'object', properties: { text: { type: 'string' } } },
  })
})

test.each<[string, readonly DtoClass[]]>([
  ['both declared', [there.Enter, elsewhere.Enter]],
  ['one declared, the other anywhere in the process', [there.Enter]],
  ['nested in what is declared', [elsewhere.Holds]],
])('two classes of one name are refused: %s', (_, dtos) => {
  expect(() => dtoSchemas(dtos)).toThrow('two DTO classes are called "Enter"')
})

test('the names of other schemas are taken', () => {
  expect(() => dtoSchemas([Alone], ['Problem', 'Alone'])).toThrow('no DTO class may be called "Alone"')
})

test('what nobody refers to may be called as it likes', () => {
  expect(Object.keys(dtoSchemas([Alone, elsewhere.Inherits]))).toEqual(expect.arrayContaining(['Alone', 'Inherits']))
})
