import { features } from '../proto.js'

const VERSION = '23.10.6'
const STREAM_OR_ALL = ['stream', 'all']
/** What the recorded server says it supports: service, then method, then its features. In lower case, as it says it. */
const SUPPORTED: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'event_store.client.redaction.redaction': { geteventpositions: [], switchchunks: [] },
  'event_store.client.persistent_subscriptions.persistentsubscriptions': {
    create: STREAM_OR_ALL,
    update: STREAM_OR_ALL,
    delete: STREAM_OR_ALL,
    read: STREAM_OR_ALL,
    getinfo: STREAM_OR_ALL,
    replayparked: STREAM_OR_ALL,
    list: STREAM_OR_ALL,
    restartsubsystem: STREAM_OR_ALL,
  },
  'event_store.client.users.users': {
    create: [],
    update: [],
    delete: [],
    disable: [],
    enable: [],
    details: [],
    changepassword: [],
    resetpassword: [],
  },
  'event_store.client.streams.streams': {
    read: ['position', 'events'],
    append: [],
    delete: [],
    tombstone: [],
    batchappend: ['deadline_duration'],
  },
  'event_store.client.operations.operations': {
    startscavenge: [],
    stopscavenge: [],
    shutdown: [],
    mergeindexes: [],
    resignnode: [],
    setnodepriority: [],
    restartpersistentsubscriptions: [],
  },
  'event_store.client.gossip.gossip': { read: [] },
  'event_store.client.monitoring.monitoring': { stats: [] },
  'event_store.client.server_features.serverfeatures': { getsupportedmethods: [] },
}

export function supportedMethods(): features.SupportedMethods {
  const supported = new features.SupportedMethods()
  supported.setEventStoreServerVersion(VERSION)
  for (const [service, methods] of Object.entries(SUPPORTED))
    for (const [name, list] of Object.entries(methods)) {
      const method = new features.SupportedMethod()
      method.setServiceName(service)
      method.setMethodName(name)
      method.setFeaturesList([...list])
      supported.addMethods(method)
    }
  return supported
}
