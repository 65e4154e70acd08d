import { execFileSync } from 'node:child_process'
import { dataLayout, localSettings, portsFrom, urlsOf } from '#local-runtime'
import { parseConfig } from '#runtime'
import { banner } from './banner.js'

const before = { ...process.env }
afterEach(() => {
  process.env = { ...before }
})

test.each(['/data/plain', `/data/of "Ann's" \\ $HOME`])('the lines to paste name the data folder %s', (folder) => {
  process.env['HEADWATER_DATA'] = folder
  const ports = portsFrom(7_400)
  const here = {
    config: parseConfig(localSettings, { HEADWATER_DATA: folder }),
    layout: dataLayout(folder),
    ports,
    controllerUrl: `http://127.0.0.1:${ports.controller}`,
  }
  const text = banner(here, { ready: true, position: '0', urls: urlsOf(ports), instances: [] })
  const line = /^A token: +(TOKEN=.*)$/m.exec(text)?.[1]?.replace('npx headwater token', 'printenv HEADWATER_DATA')
  expect(execFileSync('sh', ['-c', `${line}; printf %s "$TOKEN"`], { encoding: 'utf8' })).toBe(folder)
})
