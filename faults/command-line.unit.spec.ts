import { commandLine } from './command-line.js'
import { type FaultTest } from './outcome.js'

const test1 = (name: string, cycles: number): FaultTest => ({
  name,
  cycles,
  run: () => Promise.reject(new Error(name)),
})
const tests = [test1('writer', 40), test1('read', 100)]
const [writer] = tests

class Ended extends Error {
  constructor(readonly status: number) {
    super(`ended with ${status}`)
  }
}
const end = (status: number): never => {
  throw new Ended(status)
}

let said: string
beforeEach(() => {
  said = ''
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text)
    return true
  })
})
afterEach(() => jest.restoreAllMocks())

test('a test is asked for by its name, with rounds and a seed or with its own', () => {
  expect(commandLine(['writer', '--cycles', '3', '--seed', '7'], tests, end)).toEqual({
    test: writer,
    cycles: 3,
    seed: 7,
  })
  expect(commandLine(['writer', '--seed', '0'], tests, end)).toMatchObject({ cycles: 40, seed: 0 })
})

test.each<[string, string[], RegExp]>([
  ['no name', [], /missing required argument 'name'/],
  ['a name that nothing has', ['wirter'], /'wirter' is invalid.*Allowed choices are writer, read/],
  ['no round at all', ['writer', '--cycles', '0'], /'--cycles <n>'.*1 or more/],
  ['half a round', ['writer', '--cycles', '1.5'], /'--cycles <n>'.*whole number/],
  ['a seed that is no number', ['writer', '--seed', 'x'], /'--seed <n>'.*whole number/],
  ['an option that nothing has', ['writer', '--cycle', '3'], /unknown option '--cycle'/],
  ['two names', ['writer', 'read'], /too many arguments/],
])('%s is refused in one line, with status 2', (_, args, why) => {
  expect(() => commandLine(args, tests, end)).toThrow(new Ended(2))
  expect(said).toMatch(why)
})
