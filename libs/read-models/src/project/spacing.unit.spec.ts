import { type RecordedEvent } from '#domain-kit'
import { Spacing } from './spacing.js'

const events = (...positions: bigint[]): { readonly events: readonly RecordedEvent[] } => ({
  events: positions.map((position) => ({ position }) as RecordedEvent),
})

test('is what lies between events that were read together, and no stretch without any', () => {
  const spacing = new Spacing()
  expect(spacing.positionsOf(50n)).toBe(50n)
  spacing.add(events())
  spacing.add(events(10_000_000n))
  expect(spacing.positionsOf(50n)).toBe(50n)
  spacing.add(events(20_000_000n, 20_001_000n, 20_002_000n))
  spacing.add(events())
  spacing.add(events(90_000_000n, 90_003_000n, 90_004_000n))
  expect(spacing.positionsOf(50n)).toBe(75_000n)
})

test('is one where positions have no gaps', () => {
  const spacing = new Spacing()
  spacing.add(events(1n, 2n, 3n))
  spacing.add(events(4n, 5n))
  expect(spacing.positionsOf(50_000n)).toBe(50_000n)
})
