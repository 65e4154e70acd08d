import { disk } from './disk.js'
import { link } from './link.js'
import { pause } from './pause.js'
import { postgres } from './postgres.js'
import { type Scenario } from './scenario.js'
import { slow } from './slow.js'
import { subscriber } from './subscriber.js'
import { writer } from './writer.js'

export const SCENARIOS: readonly Scenario[] = [writer, postgres, pause, link, disk, slow, subscriber]
