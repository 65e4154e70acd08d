import { resolve } from 'node:path'

/** Where everything durable of one instance of the product lies. */
export interface DataLayout {
  readonly root: string
  readonly primary: string
  /** Of the replica with this ordinal, from 1. */
  replica(ordinal: number): string
  readonly redis: string
  readonly identities: string
  readonly allowList: string
  readonly keys: string
  readonly run: string
  /** Pid file of the `up` in the foreground, which is no part of what runs. */
  readonly up: string
  readonly logs: string
}

export function dataLayout(folder: string): DataLayout {
  const root = resolve(folder)
  const at = (name: string): string => `${root}/${name}`
  return {
    root,
    primary: at('postgres-primary'),
    replica: (ordinal) => at(ordinal === 1 ? 'postgres-replica' : `postgres-replica-${ordinal}`),
    redis: at('redis'),
    identities: at('identities'),
    allowList: at('allow-list.json'),
    keys: at('keys'),
    run: at('run'),
    up: at('up.json'),
    logs: at('logs'),
  }
}

export interface Ports {
  readonly commands: number
  readonly queries: number
  readonly controller: number
  readonly writer: number
  readonly writer2: number
  readonly projector: number
  readonly reporter: number
  readonly reactor: number
  readonly writerLink: number
  readonly writerLink2: number
  readonly primary: number
  /** By ordinal from 1, as many as there may be. */
  readonly replicas: readonly number[]
  readonly redis: number
}

/** The block of 100 that one instance of the product uses. */
export function portsFrom(base: number): Ports {
  return {
    commands: base + 1,
    queries: base + 2,
    controller: base + 3,
    writer: base + 4,
    writer2: base + 8,
    projector: base + 5,
    reporter: base + 6,
    reactor: base + 7,
    writerLink: base + 14,
    writerLink2: base + 15,
    primary: base + 50,
    replicas: [base + 51, base + 53, base + 54, base + 55],
    redis: base + 52,
  }
}
