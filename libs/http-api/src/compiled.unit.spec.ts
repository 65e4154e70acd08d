import { Type } from 'class-transformer'
import {
  Allow,
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsDefined,
  IsIn,
  IsInstance,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  Min,
  ValidateBy,
  ValidateIf,
  ValidateNested,
} from 'class-validator'
import fc from 'fast-check'
import { type DtoClass } from '#domain-kit'
import { domains } from '#domains'
import { requestReport, settleReport, startReport } from '#reports'
import { isSurelyValid } from './compiled.js'
import { faultsOf } from './validate.js'

const isValid = (dto: DtoClass, value: object): boolean => faultsOf(dto, value).length === 0

const SameAsName = (): PropertyDecorator =>
  ValidateBy({
    name: 'sameAsName',
    validator: { validate: (value, args) => value === (args?.object as Readonly<Record<string, unknown>>)['name'] },
  })

class Leaf {
  @IsInt() @Min(0) @Max(9) readonly size!: number
  @IsOptional() @IsIn(['red', 'green']) readonly colour?: string
}
class Tree {
  @IsString() @Length(1, 5) readonly name!: string
  @IsOptional() @Matches(/^[a-z]+$/, { each: true }) readonly marks?: string[]
  @IsOptional() @IsNumber() readonly weight?: number
  @IsOptional() @IsObject() readonly notes?: object
  @IsOptional() @IsArray() @ArrayMaxSize(3) @ArrayUnique() readonly tags?: string[]
  @IsOptional() @ValidateNested() @Type(() => Leaf) readonly leaf?: Leaf
  @IsOptional() @IsArray() @ValidateNested({ each: true }) @Type(() => Leaf) readonly leaves?: Leaf[]
  @IsOptional() @IsArray() @ValidateNested({ each: true }) @Type(() => Tree) readonly branches?: Tree[]
  @Allow() readonly anything?: unknown
}
class Named {
  @IsDefined() @IsString({ groups: ['strict'] }) readonly name!: string
}
class Mirror extends Named {
  @SameAsName() readonly again!: string
}
class Either {
  @ValidateIf((either: Either) => either.b === undefined) @IsString() readonly a?: string
  @IsOptional() @IsString() readonly b?: string
}
class Holder {
  @IsInstance(Leaf) @ValidateNested() @Type(() => Leaf) readonly leaf!: Leaf
}
class Unlooked {
  @IsObject() @Type(() => Leaf) readonly leaf!: Leaf
}
class Empty {}

const names = ['name', 'marks', 'notes', 'tags', 'leaf', 'leaves', 'branches', 'size', 'colour', 'a', 'b', 'again']
const hostile = ['__proto__', 'constructor', 'toString', '', '0', 'id\u0000', '\ud800']
const text = fc.oneof(
  fc.constantFrom('red', 'abc', 'A-1', '-12.50', '1e5', '2026-11-23', '2026-02-30', ...hostile),
  fc.string(),
)
const scalar = fc.oneof(text, fc.integer({ min: -1, max: 12 }), fc.double(), fc.boolean(), fc.constant(null))
const key = fc.oneof(fc.constantFrom(...names), fc.constantFrom(...hostile), fc.string())

/** Anything that JSON can say, `__proto__` as a field of its own included. */
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    scalar,
    fc.array(tie('json'), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie('json')), { maxLength: 5 }).map((entries) => objectOf(entries)),
  ),
}))

const objectOf = (entries: readonly (readonly [string, unknown])[]): object =>
  JSON.parse(
    `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`,
  ) as object

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

/** One change somewhere in a value: something else in the place of a field, one field more, or one less. */
function changed(value: object, path: readonly number[], to: readonly [string, unknown] | undefined): object {
  const entries = Object.entries(value) as [string, unknown][]
  const [at = 0, ...rest] = path
  const [name, inner] = entries[at % Math.max(entries.length, 1)] ?? ['', undefined]
  if (rest.length > 0 && isObject(inner)) return rebuilt(value, name, changed(inner, rest, to))
  if (to === undefined) return rebuilt(value, name)
  return rebuilt(value, at % 2 === 0 ? name : to[0], to[1])
}

function rebuilt(value: object, name: string, to?: unknown): object {
  const isList = Array.isArray(value)
  const kept = (Object.entries(value) as [string, unknown][]).filter(([each]) => to !== undefined || each !== name)
  const all = kept.map(([each, inner]) => [each, each === name ? to : inner] as const)
  if (isList) return all.map(([, inner]) => inner)
  return objectOf(to === undefined || Object.hasOwn(value, name) ? all : [...all, [name, to]])
}

const change = fc.tuple(
  fc.array(fc.nat({ max: 8 }), { minLength: 1, maxLength: 4 }),
  fc.option(fc.tuple(key, json), { nil: undefined }),
)
/** A good value with up to three changes. */
const spoiled = (good: readonly object[]): fc.Arbitrary<object> =>
  fc
    .tuple(fc.constantFrom(...good), fc.array(change, { maxLength: 3 }))
    .map(([value, changes]) => changes.reduce((before, [path, to]) => changed(before, path, to), value))

const posting = { account: 'assets:cash', amount: '-12.50', commodity: 'EUR' }
const entry = {
  id: 't1',
  date: '2026-11-23',
  description: 'rent\nof november',
  tags: { of: 'november', __proto: 'x' },
  postings: [posting, { ...posting, amount: '12.50', cost: { kind: 'unit', amount: '1', commodity: 'USD' } }],
}
const amount = { commodity: 'EUR', amount: '-5' }
const good: Readonly<Record<string, object>> = {
  OpenBook: { book: 'main', description: '' },
  OpenAccount: { account: 'assets:cash', lowestBalance: [amount, { ...amount, commodity: '' }] },
  CloseAccount: { account: 'assets:cash' },
  PostTransaction: entry,
  PlaceHold: entry,
  ReverseTransaction: { transaction: 't1', id: 't2', date: '2026-11-23' },
  CaptureHold: { hold: 'h1', id: 't1', date: '2026-11-23' },
  ReleaseHold: { hold: 'h1' },
  TrialBalanceParams: { book: 'main' },
  BalancesQuery: { account: 'assets', tree: 'true' },
  RequestReport: { report: 'x', params: { a: [1, { b: 2 }] }, at: '12', covers: { aggregate: 'book', id: 'main' } },
  StartReport: {},
  SettleReport: { position: '1', formats: ['json'], reason: 'x' },
}
const installed = [
  ...domains.flatMap(({ commands }) => commands.map(({ body }) => body)),
  ...domains.flatMap(({ reports }) => reports.map(({ params }) => params)),
  ...domains.flatMap(({ resources }) =>
    resources.flatMap((each) => ('filter' in each && each.filter ? [each.filter] : [])),
  ),
  ...[requestReport, startReport, settleReport].map(({ body }) => body),
] as DtoClass[]

describe.each([...new Set(installed)].map((dto) => [dto.name, dto] as const))('%s', (name, dto) => {
  const sample = good[name]

  test('takes what is right', () => {
    expect(sample).toBeDefined()
    expect(isValid(dto, sample ?? {})).toBe(true)
    expect(isSurelyValid(dto, sample ?? {})).toBe(true)
  })

  test('takes exactly what class-validator takes', () => {
    const values = fc.oneof(spoiled([sample ?? {}]), json.filter(isObject))
    fc.assert(
      fc.property(values, (value) => isSurelyValid(dto, value) === isValid(dto, value)),
      { numRuns: 300 },
    )
  })
})

describe('a class with rules of every kind', () => {
  const tree = {
    name: 'oak',
    marks: ['abc'],
    weight: 1.5,
    notes: { any: [{ thing: 1 }] },
    tags: ['a', 'b'],
    leaf: { size: 1 },
    leaves: [{ size: 2, colour: 'red' }],
    branches: [{ name: 'twig', leaves: [] }],
    anything: { at: ['all'] },
  }

  test('takes exactly what class-validator takes', () => {
    expect(isSurelyValid(Tree, tree)).toBe(true)
    const values = fc.oneof(spoiled([tree, { name: 'x' }]), json.filter(isObject))
    fc.assert(
      fc.property(values, (value) => isSurelyValid(Tree, value) === isValid(Tree, value)),
      { numRuns: 2_000 },
    )
  })

  test('is not entered deeper than any other value', () => {
    const nested = (depth: number): object =>
      depth === 0 ? { name: 'x' } : { name: 'x', branches: [nested(depth - 1)] }
    for (const depth of [6, 7, 8, 5_000]) expect(isSurelyValid(Tree, nested(depth))).toBe(isValid(Tree, nested(depth)))
    const deep = JSON.parse(`{"name":"x","notes":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}`) as object
    expect(isSurelyValid(Tree, deep)).toBe(false)
  })
})

describe('what is not compiled is left to class-validator', () => {
  test.each<[string, DtoClass, object]>([
    ['a rule that looks at other fields', Mirror, { name: 'x', again: 'x' }],
    ['a condition', Either, { b: 'x' }],
    ['a rule that needs an instance', Holder, { leaf: { size: 1 } }],
    ['an instance that nobody looks into', Unlooked, { leaf: { size: 1 } }],
  ])('%s', (_, dto, value) => {
    expect(isValid(dto, value)).toBe(true)
    expect(isSurelyValid(dto, value)).toBe(false)
  })

  test('and never taken when it would refuse', () => {
    const dtos = [Mirror, Either, Holder, Unlooked, Named, Empty]
    fc.assert(
      fc.property(fc.constantFrom<DtoClass[]>(...dtos), json.filter(isObject), (dto, value) => {
        expect(isSurelyValid(dto, value) && !isValid(dto, value)).toBe(false)
      }),
      { numRuns: 1_000 },
    )
  })
})
