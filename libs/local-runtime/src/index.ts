export { nodeArgs } from './app-component.js'
export { enrolAll, type Enrolled, identityFolder } from './identities.js'
export { type DataLayout, dataLayout, type Ports, portsFrom } from './layout.js'
export { type StartedWith, startedWith } from './started-with.js'
export { type InstanceStatus, type Status } from './status.js'
export { type LocalConfig, type LocalPlan, localLogUrl, localPlan, localSettings, type Urls, urlsOf } from './plan.js'
export { type Check, type Component, type Launch } from './process/component.js'
export {
  claimPidFile,
  isAlive,
  type PidFile,
  portBaseIn,
  readPidFile,
  removePidFile,
  runningIn,
  writePidFile,
} from './process/pid-file.js'
export { openLog } from './process/log-file.js'
export { postgresBinaries } from './postgres/binaries.js'
export { type ClusterPlace, initCluster, launchCluster, SUPERUSER } from './postgres/cluster.js'
export { copyPrimary, pointAt } from './postgres/replica.js'
export { embeddedRedis } from './redis/component.js'
export { serverOwner } from './process/owner.js'
