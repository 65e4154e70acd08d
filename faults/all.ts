import { type FaultTest } from './outcome.js'
import { read } from './read/read.js'
import { SCENARIOS } from './scenarios/all.js'
import { writeTest } from './write-test.js'

export const TESTS: readonly FaultTest[] = [...SCENARIOS.map(writeTest), read]
