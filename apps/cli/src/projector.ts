import { askStatus, type Status } from './controller-client.js'
import { CliFailure } from './failure.js'
import { type Local } from './local.js'
import { runsElsewhere } from './running-controller.js'

type Instance = Status['instances'][number]

/** The projector that answers operators: a ready one, else one that runs. One that has stopped at an event is not ready, and is the one to talk to. */
export function projectorAmong(instances: readonly Instance[]): Instance | undefined {
  const projectors = instances.filter(({ role }) => role === 'projector')
  return projectors.find(({ ready }) => ready) ?? projectors.find(({ pid }) => pid !== null)
}

/** @throws CliFailure when none runs here. */
export async function runningProjector(here: Local): Promise<Instance> {
  const status = await askStatus(here)
  if (!status)
    throw new CliFailure((await runsElsewhere(here)) ?? 'Headwater does not run here: start it with "npx headwater up"')
  const projector = projectorAmong(status.instances)
  if (!projector) throw new CliFailure('no projector runs')
  return projector
}
