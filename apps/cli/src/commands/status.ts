import { askStatus } from '../controller-client.js'
import { local } from '../local.js'
import { runsElsewhere } from '../running-controller.js'

/** @returns the exit status: 0 only when every role is ready. */
export async function status(options: { json?: boolean }): Promise<number> {
  const here = local()
  const answer = await askStatus(here)
  if (!answer) {
    if (options.json)
      process.stdout.write(`${JSON.stringify({ ready: false, position: '0', urls: null, instances: [] })}\n`)
    const why = `no controller answers at ${here.controllerUrl}: start Headwater with "npx headwater up"`
    process.stderr.write(`${(await runsElsewhere(here)) ?? why}\n`)
    return 1
  }
  if (options.json) process.stdout.write(`${JSON.stringify(answer)}\n`)
  else {
    for (const { id, state, pid, url, leader, reason } of answer.instances)
      process.stdout.write(
        `${id.padEnd(18)}${state.padEnd(12)}${String(pid ?? '-').padEnd(9)}${leader ? 'leader  ' : '        '}${url}${reason === undefined ? '' : `  ${reason}`}\n`,
      )
    process.stdout.write(`${answer.ready ? 'ready' : 'not ready'}, position ${answer.position}\n`)
  }
  return answer.ready ? 0 : 1
}
