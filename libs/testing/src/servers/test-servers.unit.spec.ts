import { scratchDatabase, scratchRedis, testServers } from '../index.js'

const { HEADWATER_DATA, HEADWATER_PORT_BASE } = process.env

afterEach(() => {
  for (const [name, value] of Object.entries({ HEADWATER_DATA, HEADWATER_PORT_BASE }))
    if (value === undefined) Reflect.deleteProperty(process.env, name)
    else process.env[name] = value
})

test('without a system to test against every fixture says how to start one', async () => {
  Reflect.deleteProperty(process.env, 'HEADWATER_DATA')
  await expect(scratchDatabase()).rejects.toThrow('run npm test')
  await expect(scratchRedis()).rejects.toThrow('run npm test')
})

test('a data folder without keys is no system', async () => {
  process.env['HEADWATER_DATA'] = '/nowhere'
  process.env['HEADWATER_PORT_BASE'] = '23000'
  await expect(testServers()).rejects.toThrow('run npm test')
})
