import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { nodeArgs } from '#local-runtime'
import { projectRoot } from '#runtime'
import { endsWithMe } from '#testing'

/** A process that does work for a benchmark and answers one message with one message. */
export interface Worker<Task, Result> {
  readonly pid: number
  run(task: Task): Promise<Result>
  stop(): Promise<void>
}

/**
 * Starts a file of `bench/` as a process of its own, so that measuring costs the measured nothing but the processor.
 *
 * @param role of the product whose arguments to Node it gets.
 */
export async function worker<Task, Result>(
  file: string,
  argument: object,
  role = 'command-api',
): Promise<Worker<Task, Result>> {
  const path = join(projectRoot(), 'dist', 'bench', file)
  const child: ChildProcess = fork(path, [JSON.stringify(argument)], {
    serialization: 'advanced',
    execArgv: [...process.execArgv, ...nodeArgs(role)],
  })
  endsWithMe(child, 'SIGKILL')
  const next = async (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const onExit = (code: number | null): void => reject(new Error(`${file} ended with ${String(code)}`))
      child.once('exit', onExit)
      child.once('message', (message) => {
        child.off('exit', onExit)
        resolve(message)
      })
    })
  await next()
  return {
    pid: child.pid ?? 0,
    run: async (task) => {
      const answer = next()
      child.send(task as object)
      return (await answer) as Result
    },
    stop: async () => {
      // One that failed has ended already.
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** The other end: says that it is ready, then answers each task. Ends with the one who asks, however that one ended. */
export function work<Task, Result>(run: (task: Task) => Promise<Result>): void {
  process.once('disconnect', () => process.exit())
  process.on('message', (task: Task) => {
    void run(task).then((result) => process.send?.(result))
  })
  process.send?.('ready')
}

/** What {@link worker} was told at its start. */
export function workerArgument<T>(): T {
  return JSON.parse(process.argv[2] ?? '{}') as T
}
