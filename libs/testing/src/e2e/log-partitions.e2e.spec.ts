import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { System } from './system.js'

let system: System
beforeAll(async () => {
  system = await System.open()
})

test('the log is listed by partitions, and what is not full cannot be archived', async () => {
  const { code, stdout } = await system.cli('log', 'partitions', '--json')
  expect(code).toBe(0)
  const [first] = stdout.trim().split('\n')
  expect(JSON.parse(first ?? '')).toMatchObject({ name: 'events_1', first: '1', last: '5000000', state: 'in the log' })
  const to = join(tmpdir(), 'headwater-archive-of-nothing')
  const refused = await system.cli('log', 'archive', '--partition', 'events_1', '--to', to)
  expect(refused.code).toBe(1)
  expect(refused.stderr).toContain('events_1 is not full, or the log ends with it: it stays')
})

test.each([
  { args: ['archive', '--to', 'x'], says: 'give one of --before and --partition' },
  { args: ['archive', '--to', 'x', '--before', 'soon'], says: '--before must be a position, not "soon"' },
  { args: ['restore', 'events_1'], says: 'the newest archive comes back first: that is none, not events_1' },
])('log $args.0 says what is wrong: $says', async ({ args, says }) => {
  const { code, stderr } = await system.cli('log', ...args)
  expect(code).toBe(1)
  expect(stderr).toContain(says)
})
