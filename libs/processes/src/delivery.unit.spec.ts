import { recorded } from '#domain-kit'
import { Delivery } from './delivery.js'
import { shop } from './fixtures/shop.js'

test('a command of no installed domain is sent under no name at all', async () => {
  const execute = jest.fn()
  const delivery = new Delivery({ domains: [], handler: { execute } })
  const [manager] = shop.flatMap(({ processManagers }) => processManagers)
  const event = recorded({ type: 'Placed', data: { item: 'pen', amount: 1 } }, { aggregate: 'order', aggregateId: '1' })
  const sent = delivery.deliver(manager!, event, new AbortController().signal)
  await expect(sent).rejects.toThrow('"reserve" is a command of no installed domain')
  expect(execute).not.toHaveBeenCalled()
})
