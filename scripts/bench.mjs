// `npm run bench -- NAME`: sets up what is missing, then measures.
import { setup } from './setup.mjs'

setup()
await import('../dist/bench/main.js')
