import { eventually } from './eventually.js'

test('it looks again until there is something, whatever is thrown before', async () => {
  let looks = 0
  const found = eventually('it is there', () => {
    looks += 1
    if (looks === 1) throw new Error('not yet')
    return looks === 3 && 'it'
  })
  expect(await found).toBe('it')
})

test('it gives up in the end, and says why', async () => {
  const never = eventually('it is there', () => Promise.reject(new Error('no such thing')), { timeout_ms: 30 })
  await expect(never).rejects.toMatchObject({
    message: 'never came true: it is there',
    cause: { message: 'no such thing' },
  })
})

test('it looks once more when the time is over', async () => {
  expect(await eventually('it is there', () => 'it', { timeout_ms: 0 })).toBe('it')
})

test('what is expected in it and is not so fails at once, though it would be so the next time', async () => {
  let looks = 0
  const looking = eventually('it is there', () => {
    expect((looks += 1)).toBe(2)
    return true
  })
  await expect(looking).rejects.toThrow('Expected: 2')
  await expect(eventually('it is', () => expect(Promise.resolve(1)).rejects.toThrow())).rejects.toThrow('rejects')
})
