import { execFileSync } from 'node:child_process'
import { dataLayout, localSettings, portsFrom, urlsOf } from '#local-runtime'
import { parseConfig } from '#runtime'
import { type Local } from '../local.js'
import { banner } from './banner.js'

const before = { ...process.env }
afterEach(() => {
  process.env = { ...before }
})

const hereIn = (folder: string): Local => {
  const ports = portsFrom(7_400)
  return {
    config: parseConfig(localSettings, { HEADWATER_DATA: folder }),
    layout: dataLayout(folder),
    ports,
    controllerUrl: `http://127.0.0.1:${ports.controller}`,
  }
}

test.each(['/data/plain', `/data/of "Ann's" \\ $HOME`])('the lines to paste name the data folder %s', (folder) => {
  process.env['HEADWATER_DATA'] = folder
  const here = hereIn(folder)
  const text = banner(here, { ready: true, position: '0', urls: urlsOf(here.ports), instances: [] })
  const line = /^A token: +(TOKEN=.*)$/m.exec(text)?.[1]?.replace('npx headwater token', 'printenv HEADWATER_DATA')
  expect(execFileSync('sh', ['-c', `${line}; printf %s "$TOKEN"`], { encoding: 'utf8' })).toBe(folder)
})

test('what runs but is not ready is named, with its reason', () => {
  const here = hereIn('/data')
  const one = { role: 'projector', pid: 7, state: 'unready', leader: false, url: 'none' }
  const instances = [
    { ...one, id: 'projector-1', ready: false, reason: 'projections: stopped' },
    { ...one, id: 'projector-2', ready: true },
  ]
  const text = banner(here, { ready: false, position: '9', urls: urlsOf(here.ports), instances })
  expect(text).toContain('Headwater runs, at position 9. Not all is ready:\n  projector-1: projections: stopped\n\n')
  expect(text).not.toContain('Headwater is ready')
})
