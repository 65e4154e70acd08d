import { projectorAmong } from './projector.js'

const instance = (id: string, pid: number | null, ready: boolean, role = 'projector') => ({
  ...{ id, pid, ready, role },
  ...{ state: 'any', leader: false, url: 'http://127.0.0.1:1' },
})

test('a ready projector answers operators', () => {
  const others = [instance('query-api-1', 1, true, 'query-api'), instance('projector-1', 2, false)]
  expect(projectorAmong([...others, instance('projector-2', 3, true)])?.id).toBe('projector-2')
})

test('one that runs and is not ready, as when it has stopped at an event, answers where no other does', () => {
  const all = [instance('projector-1', null, false), instance('projector-2', 3, false)]
  expect(projectorAmong(all)?.id).toBe('projector-2')
})

test('what does not run answers nobody', () => {
  expect(projectorAmong([instance('projector-1', null, false), instance('query-api-1', 1, true, 'query-api')])).toBe(
    undefined,
  )
})
