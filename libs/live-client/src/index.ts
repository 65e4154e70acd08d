export { connectLive, type Live, type LiveOptions } from './connect-live.js'
export { LiveError, type LiveProblem } from './live-error.js'
export { type LiveState } from './states.js'
export { type LiveUpdate, type WatchOptions } from './watch.js'
