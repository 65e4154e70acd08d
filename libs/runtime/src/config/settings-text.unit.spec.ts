import { integer, optional, text, url, urls } from './setting.js'
import { settingsText } from './settings-text.js'

test('a setting is told with its meaning, its rule and its default, where there is one', () => {
  const settings = {
    SIZE: integer({ description: 'MiB', default: 16, min: 1, max: 64 }),
    NAME: text({ description: 'what it is called' }),
    LOG_URL: optional(url({ description: 'another log', schemes: ['postgres'] })),
    OTHERS: urls({ description: 'further ones', default: [], schemes: ['postgres'] }),
  }
  expect(settingsText(settings).split('\n')).toEqual([
    '  SIZE     MiB',
    '           an integer from 1 to 64 (default: 16)',
    '  NAME     what it is called',
    '           any text that is not empty',
    '  LOG_URL  another log',
    '           a URL of scheme postgres',
    '  OTHERS   further ones',
    '           URLs of scheme postgres, comma-separated',
    '',
  ])
})
