import { spawn } from 'node:child_process'
import { type Launch } from '#local-runtime'
import { eventually } from '../eventually.js'
import { endsWithMe } from './ends-with-me.js'
import { familyOf, signalAll } from './processes.js'

/** A server as a process of the test's own, with all that can happen to one. */
export interface ServerProcess {
  /** Of what was started last; 0 before. */
  pid(): number
  /** Starts it, also again after its end, however that came. Resolves when it answers. */
  start(): Promise<void>
  /** Asks it to end, by the signal that it takes for that. */
  stop(): Promise<void>
  /** SIGKILL of it and all that it has started. Resolves when they are gone. */
  kill(): Promise<void>
  /** SIGSTOP of it and all that it has started: it keeps its connections and says nothing. */
  pause(): void
  resume(): void
}

export interface ServerProcessOptions {
  readonly name: string
  launch(): Launch
  /** By which it ends as planned. */
  readonly stopSignal: NodeJS.Signals
  /** By which it ends at once, when whoever started it is interrupted. */
  readonly endSignal: NodeJS.Signals
  /** Whether it can be used; never throws. */
  answers(): Promise<boolean>
}

export function serverProcess({ name, launch, stopSignal, endSignal, answers }: ServerProcessOptions): ServerProcess {
  let running: ReturnType<typeof spawn> | undefined
  const isSpawned = (): boolean => running !== undefined && running.exitCode === null && running.signalCode === null
  const begin = (): void => {
    const { command, args, cwd, env, uid, gid } = launch()
    const ids = { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) }
    // A group of its own: what is sent to the test's group, as by Ctrl-C, is not for it.
    running = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: 'ignore', detached: true, ...ids })
    endsWithMe(running, endSignal)
  }
  const ended = async (): Promise<void> => {
    const child = running
    if (child && isSpawned()) await new Promise((resolve) => child.once('exit', resolve))
  }
  const each = (which: NodeJS.Signals): void => {
    const pid = running?.pid
    if (pid === undefined || !isSpawned()) return
    // First the one that would start more.
    signalAll(familyOf(pid), which)
  }
  return {
    pid: () => running?.pid ?? 0,
    start: async () => {
      // What it started outlives it by a moment, in which no other may start.
      const isUp = async (): Promise<boolean> => {
        if (!isSpawned()) begin()
        return answers()
      }
      await eventually(`${name} answers`, isUp)
    },
    stop: async () => {
      if (isSpawned()) running?.kill(stopSignal)
      await ended()
    },
    kill: async () => {
      each('SIGKILL')
      await ended()
    },
    pause: () => each('SIGSTOP'),
    resume: () => each('SIGCONT'),
  }
}
