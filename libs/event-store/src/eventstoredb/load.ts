import { type openEventStoreDb } from './store.js'

/** The client and its gRPC stack are a quarter of a second of a process's start: they are loaded only where the log is there. */
export async function loadEventStoreDb(): Promise<typeof openEventStoreDb> {
  return (await import('./store.js')).openEventStoreDb
}
