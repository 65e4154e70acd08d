import { spawn } from 'node:child_process'
import { type Launch } from './component.js'

/** Runs a program to its end. @throws Error with the last of what it said when it fails. */
export async function runProgram(launch: Launch): Promise<string> {
  const { command, args, cwd, env, uid, gid } = launch
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  })
  let output = ''
  const keep = (bytes: Buffer): void => {
    output = (output + bytes.toString()).slice(-20_000)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code !== 0) throw new Error(`${command} ended with ${code ?? 'a signal'}: ${output.trim().slice(-2_000)}`)
  return output
}
