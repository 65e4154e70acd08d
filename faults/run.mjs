// `npm run faults -- NAME`: set up what is missing, then run what was built.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root, setup } from '../scripts/setup.mjs'

setup()
process.env.HEADWATER_ROOT = root
await import(pathToFileURL(join(root, 'dist', 'faults', 'main.js')).href)
