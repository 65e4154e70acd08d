import { dataLayout, localSettings, portsFrom, startedWith, urlsOf, type Status } from '#local-runtime'
import { parseConfig } from '#runtime'
import { type Local } from '../local.js'
import { differences } from './taken-over.js'

const ports = portsFrom(7_400)
const hereWith = (env: Readonly<Record<string, string>>): Local => ({
  config: parseConfig(localSettings, env),
  layout: dataLayout('/data'),
  ports,
  controllerUrl: 'none',
})
const here = hereWith({ QUERY_POOL: '9' })
const now = startedWith(here.config)
const running = (with_: Status['startedWith']): Status => ({
  ready: true,
  position: '0',
  urls: urlsOf(ports),
  instances: [],
  ...(with_ ? { startedWith: with_ } : {}),
})

test('of a system that is as it would be now nothing is said', () => {
  expect(differences(here, running(now))).toBeUndefined()
  // However its folder is written, it is the one that was found.
  expect(differences(hereWith({ QUERY_POOL: '9', HEADWATER_DATA: './data' }), running(now))).toBeUndefined()
})

test('other settings are told, and another build', () => {
  expect(differences(hereWith({}), running(now))).toContain('started with other settings, and goes on so')
  expect(differences(here, running({ ...now, build: 'another' }))).toContain('started from another build, and')
  expect(differences(here, running(undefined))).toContain('with other settings and from another build')
})
