import { openEventStoreDouble } from './open-double.js'

// The double as a process of its own: prints where it is, and ends with whoever started it.
const double = await openEventStoreDouble()
process.stdout.write(`${double.url}\n`)
process.once('disconnect', () => process.exit(0))
process.once('SIGTERM', () => process.exit(0))
