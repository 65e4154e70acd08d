import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { readInt64 } from '../../log/binary.js'
import { NameFilter } from './name-filter.js'
import { ENTRY_BYTES, NameTable } from '../../log/name-table.js'
import { RunFilter } from './run-filter.js'

const hashOf = (name: string): Buffer => createHash('sha256').update(name).digest().subarray(0, 16)
const sliceOf = (name: Buffer, slices: number): number => Math.floor((name.readUInt32BE(0) * slices) / 2 ** 32)
/** Hashes that crowd into few slots, at the end of the table too, so that probing and its wrap-around are tried. */
const crowded = fc
  .tuple(fc.constantFrom(0, 1, 0x7fffffff, 0xfffffffe, 0xffffffff), fc.nat(200))
  .map(([first, rest]) => {
    const hash = Buffer.alloc(16)
    hash.writeUInt32BE(first)
    hash.writeUInt32BE(rest, 12)
    return hash
  })
const hash = fc.oneof(fc.string().map(hashOf), crowded)

test('a table knows what a Map knows, and the first position stays', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(hash, fc.integer({ min: 1, max: 2 ** 50 })), { maxLength: 128 }), (entries) => {
      const table = new NameTable(128)
      const known = new Map<string, number>()
      for (const [name, position] of entries) {
        table.add(name, position)
        if (!known.has(name.toString('hex'))) known.set(name.toString('hex'), position)
      }
      expect(table.size).toBe(known.size)
      for (const [name, position] of known) expect(table.find(Buffer.from(name, 'hex'))).toBe(position)
      expect(table.find(hashOf('nobody has this one'))).toBe(0)
    }),
  )
})

test('the buckets of a table hold each name once, in the bucket of its first bits', () => {
  fc.assert(
    fc.property(fc.uniqueArray(hash, { maxLength: 64, selector: (each) => each.toString('hex') }), (names) => {
      const table = new NameTable(64)
      for (const [at, name] of names.entries()) table.add(name, at + 1)
      const found: [string, number][] = []
      for (let bucket = 0; bucket < 8; bucket += 1) {
        const entries = table.bucket(bucket, 8)
        for (let at = 0; at < entries.length; at += ENTRY_BYTES) {
          expect((entries[at] ?? 0) >>> 5).toBe(bucket)
          found.push([entries.toString('hex', at, at + 16), readInt64(entries, at + 16)])
        }
      }
      const expected = names.map((name, at): [string, number] => [name.toString('hex'), at + 1])
      expect(found.sort()).toEqual(expected.sort())
    }),
  )
})

test('a full table says so', () => {
  const table = new NameTable(4)
  for (const name of ['a', 'b', 'c', 'd']) table.add(hashOf(name), 1)
  expect(() => table.add(hashOf('e'), 1)).toThrow('a run holds 4 names')
})

test('a filter never denies what was added, and seldom suspects what was not', () => {
  const filter = NameFilter.of(4_096)
  for (let at = 0; at < 4_096; at += 1) filter.add(hashOf(`in ${at}`))
  let suspected = 0
  for (let at = 0; at < 4_096; at += 1) expect(filter.mayHold(hashOf(`in ${at}`))).toBe(true)
  for (let at = 0; at < 100_000; at += 1) if (filter.mayHold(hashOf(`out ${at}`))) suspected += 1
  // The hashes are fixed, so this number is too; one in 7,000 is what 20 bits and 8 probes give.
  expect(suspected).toBeLessThan(25)
})

test('a filter of 16 bits a name means what it meant to the versions that stored it', () => {
  const filter = NameFilter.from(new Uint8Array((512 * 16) / 8))
  for (let at = 0; at < 512; at += 1) filter.add(hashOf(`in ${at}`))
  // Of the bits that version 3 of the log had for these names.
  expect(createHash('sha256').update(filter.bits).digest('hex')).toBe(
    '5ca9c5981e7698ef9f6a1a9c55a9c48f75e3331577a975189c2fdd2356370754',
  )
})

test('a run of a level has eight times the slices of the one before, and asks the one of the first bits of the hash', () => {
  fc.assert(
    fc.property(hash, fc.integer({ min: 0, max: 2 }), (name, level) => {
      const run = new RunFilter(level)
      const slices = 8 ** level
      for (let slice = 0; slice < slices; slice += 1) {
        expect(run.missing).toBe(slice)
        expect(run.mayHold(name)).toBe(sliceOf(name, slices) >= slice)
        run.set(slice, NameFilter.of(8))
      }
      expect(run.missing).toBe(-1)
      expect(run.mayHold(name)).toBe(false)
      const filter = NameFilter.of(8)
      filter.add(name)
      run.set(sliceOf(name, slices), filter)
      expect(run.mayHold(name)).toBe(true)
    }),
  )
})
