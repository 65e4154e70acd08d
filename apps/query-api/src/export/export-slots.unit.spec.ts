import { ExportSlots } from './export-slots.js'

const ended = (signal: AbortSignal): Promise<unknown> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve((signal.reason as Error).message))
  })

test('no more run than may, and the next one is told when to come back', () => {
  const slots = new ExportSlots({ running_max: 2 })
  const first = slots.begin('ann')
  const second = slots.begin('ben')
  expect(() => slots.begin('cleo')).toThrow(
    expect.objectContaining({ code: 'overloaded', status: 503, headers: { 'retry-after': '5' } }) as Error,
  )
  first.end()
  first.end()
  expect(slots.size).toBe(1)
  slots.begin('cleo').end()
  second.end()
  expect(slots.size).toBe(0)
})

test('one subject leaves room for others', () => {
  const slots = new ExportSlots({ running_max: 4 })
  const begun = [slots.begin('ann'), slots.begin('ann')]
  expect(() => slots.begin('ann')).toThrow(
    expect.objectContaining({ code: 'overloaded', status: 503, headers: { 'retry-after': '5' } }) as Error,
  )
  slots.begin('ben')
  expect(() => slots.begin('ben')).toThrow('an export of the subject of this token runs here already')
  slots.begin('cleo')
  for (const each of begun) each.end()
  expect(() => slots.begin('cleo')).toThrow('an export of the subject of this token runs here already')
  slots.begin('ann')
})

test('one that takes too long is ended', async () => {
  const slots = new ExportSlots({ running_max: 1, lasts_ms_max: 1 })
  expect(await ended(slots.begin('ann').signal)).toBe('the export took too long')
  expect(slots.size).toBe(0)
})

test('a planned stop lets none begin, waits for those that run, and then ends them', async () => {
  const patient = new ExportSlots({ running_max: 2, drain_ms: 60_000 })
  const slot = patient.begin('ann')
  const drained = patient.drain()
  expect(() => patient.begin('ben')).toThrow('this instance is stopping')
  expect(slot.signal.aborted).toBe(false)
  slot.end()
  await drained
  const hasty = new ExportSlots({ running_max: 2, drain_ms: 0 })
  const reason = ended(hasty.begin('ann').signal)
  await hasty.drain()
  expect(await reason).toBe('this instance is stopping')
  expect(hasty.size).toBe(0)
})
