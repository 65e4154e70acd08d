import { type LiveUpdate, Watch, type WatchOptions } from './watch.js'

const PATH = '/v1/ledger/books/main'

function watching(options: WatchOptions = {}): { readonly watch: Watch; readonly told: string[] } {
  const told: string[] = []
  const onChange = ({ kind, position, data }: LiveUpdate): void => void told.push(`${kind} ${position} ${String(data)}`)
  return { watch: new Watch(PATH, onChange, options), told }
}

const snapshot = (position: string, data: unknown) => ({ ok: true as const, subscription: 's1', position, data })
const missed = (position: string, ...changes: readonly [position: string, data: unknown][]) => ({
  ok: true as const,
  subscription: 's1',
  position,
  changes: changes.map(([at, data]) => ({ position: at, data })),
})

test('it begins with a snapshot, as new as asked for, and goes on after the last update it told', () => {
  const { watch, told } = watching({ minPosition: '3' })
  expect(watch.request()).toEqual({ resource: PATH, minPosition: '3' })
  watch.answered(snapshot('4', 'four'))
  expect(watch.request()).toEqual({ resource: PATH, after: '4' })
  watch.changed({ position: '6', data: 'six' })
  expect(watch.request()).toEqual({ resource: PATH, after: '6' })
  expect(told).toEqual(['snapshot 4 four', 'change 6 six'])
})

test('what was missed comes as changes, and what comes a second time is dropped', () => {
  const { watch, told } = watching({ after: '9' })
  expect(watch.request()).toEqual({ resource: PATH, after: '9' })
  watch.answered(missed('12', ['10', 'ten'], ['11', 'eleven']))
  for (const position of ['9', '10', '11', '12']) watch.changed({ position, data: 'late' })
  expect(told).toEqual(['change 10 ten', 'change 11 eleven', 'change 12 late'])
})

test('an answer that nothing was missed tells nothing, and leaves the place to go on from', () => {
  const { watch, told } = watching({ after: '9' })
  watch.answered(missed('400'))
  expect(told).toEqual([])
  expect(watch.request()).toEqual({ resource: PATH, after: '9' })
})

test('positions are numbers, however long', () => {
  const { watch, told } = watching({ after: '9007199254740993' })
  watch.changed({ position: '9007199254740992', data: 'before' })
  watch.changed({ position: '10000000000000000', data: 'after' })
  expect(told).toEqual(['change 10000000000000000 after'])
})

test('a reset is told whatever its position, and is where it goes on', () => {
  const { watch, told } = watching({ after: '9' })
  watch.reset({ position: '7', data: 'anew' })
  watch.changed({ position: '8', data: 'eight' })
  expect(told).toEqual(['reset 7 anew', 'change 8 eight'])
  expect(watch.request()).toEqual({ resource: PATH, after: '8' })
})

test('nothing is told after it was stopped, not even the rest of what came at once', () => {
  const told: string[] = []
  const watch = new Watch(
    PATH,
    ({ position }) => {
      told.push(position)
      watch.stop()
    },
    { after: '1' },
  )
  watch.answered(missed('4', ['2', 'a'], ['3', 'b']))
  watch.changed({ position: '4', data: 'c' })
  watch.reset({ position: '5', data: 'd' })
  expect(told).toEqual(['2'])
})
