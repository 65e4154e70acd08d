// `npm start`: set up what is missing, then run in the foreground. One process, so that signals reach it.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root, setup } from './setup.mjs'

setup()
process.argv = [process.argv[0], join(root, 'bin', 'headwater'), 'up', ...process.argv.slice(2)]
await import(pathToFileURL(process.argv[1]).href)
