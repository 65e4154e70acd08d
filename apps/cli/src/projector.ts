import { type InstanceStatus } from '#local-runtime'
import { askStatus } from './controller-client.js'
import { CliFailure } from './failure.js'
import { type Local } from './local.js'
import { runsElsewhere } from './running-controller.js'

/** The projector that answers operators: a ready one, else one that runs. One that has stopped at an event is not ready, and is the one to talk to. */
export function projectorAmong(instances: readonly InstanceStatus[]): InstanceStatus | undefined {
  const projectors = instances.filter(({ role }) => role === 'projector')
  return projectors.find(({ ready }) => ready) ?? projectors.find(({ pid }) => pid !== null)
}

/** @throws CliFailure when none runs here. */
export async function runningProjector(here: Local): Promise<InstanceStatus> {
  const status = await askStatus(here)
  if (!status)
    throw new CliFailure((await runsElsewhere(here)) ?? 'Headwater does not run here: start it with "npx headwater up"')
  const projector = projectorAmong(status.instances)
  if (!projector) throw new CliFailure('no projector runs')
  return projector
}
