export { type Identity, type IdentityOptions, type Role, createIdentity } from './identity/identity.js'
export { loadIdentity, saveIdentity } from './identity/identity-files.js'
export { AllowList, type AllowListContent, type AllowListEntry } from './allow-list/allow-list.js'
export { loadAllowList, saveAllowList, watchAllowList } from './allow-list/allow-list-file.js'
export {
  type ConnectOptions,
  type Link,
  type LinkServer,
  type LinkState,
  type ListenOptions,
  type Peer,
  type RequestContext,
  type RequestHandler,
  type RequestOptions,
  type StreamContext,
  type StreamHandler,
  type SubscribeOptions,
} from './contract.js'
export { LinkError, type LinkErrorKind, RemoteError } from './errors.js'
export { type Limits } from './limits.js'
export { type Logger } from './logger.js'
export { connect } from './link/connect.js'
export { listen } from './link/listen.js'
export { Sleepers } from './sleepers.js'
