import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createIdentity, loadAllowList, loadIdentity, saveAllowList, saveIdentity } from '#mesh'
import { parseConfig } from '#runtime'
import { identityFolder } from './identities.js'
import { type LocalPlan, localPlan, localSettings } from './plan.js'

const DAY_MS = 86_400_000
const SERVERS = {
  EVENT_STORE_URL: 'postgres://127.0.0.1:1/log',
  PRIMARY_URL: 'postgres://127.0.0.1:1/read',
  REDIS_URL: 'redis://127.0.0.1:1',
}

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headwater-identities-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** What a controller does first. */
const planned = (): Promise<LocalPlan> => localPlan(parseConfig(localSettings, { ...SERVERS, HEADWATER_DATA: folder }))

/** All keys end in so many days. */
async function ageAll({ layout }: LocalPlan, days: number): Promise<void> {
  const { version, entries } = await loadAllowList(layout.allowList)
  const aged = entries.map(async ({ role, instance }) => {
    const identity = await createIdentity({ role, instance, validity_ms: days * DAY_MS })
    await saveIdentity(identityFolder(layout, instance), identity)
    return { role, instance, spki: identity.spki }
  })
  await saveAllowList(layout.allowList, { version: version + 1n, entries: await Promise.all(aged) })
}

/** The rest has no links, and no keys. */
const linked = ({ components }: LocalPlan): LocalPlan['components'] =>
  components.filter(({ role }) => role !== 'query-api')

const prepare = async ({ components }: LocalPlan, name: string): Promise<void> =>
  components.find((each) => each.name === name)?.prepare()

test('who is started with a certificate that ends within 30 days gets a new key in the place of the old one', async () => {
  const plan = await planned()
  await ageAll(plan, 29)
  const before = await loadAllowList(plan.layout.allowList)
  await prepare(plan, 'projector-1')
  const identity = await loadIdentity(identityFolder(plan.layout, 'projector-1'))
  expect(identity.validTo_ms).toBeGreaterThan(Date.now() + 89 * DAY_MS)
  const after = await loadAllowList(plan.layout.allowList)
  const others = before.entries.filter(({ instance }) => instance !== 'projector-1')
  expect(after.entries).toEqual([...others, { spki: identity.spki, role: 'projector', instance: 'projector-1' }])
  expect(after.version).toBe(before.version + 1n)
})

test('a certificate that is valid for longer is kept', async () => {
  const plan = await planned()
  await ageAll(plan, 31)
  const { entries, version } = await loadAllowList(plan.layout.allowList)
  await prepare(plan, 'projector-1')
  expect(await loadAllowList(plan.layout.allowList)).toMatchObject({ entries, version })
})

test('a controller that starts again leaves the keys of those that run on the list, old as they are', async () => {
  await ageAll(await planned(), 1)
  const { entries, version } = await loadAllowList(join(folder, 'allow-list.json'))
  await planned()
  expect(await loadAllowList(join(folder, 'allow-list.json'))).toMatchObject({ entries, version })
})

test('a controller that starts again leaves the keys of instances that are not its own on the list, and adds what is missing', async () => {
  const plan = await planned()
  const { layout } = plan
  const { version, entries } = await loadAllowList(layout.allowList)
  const { spki } = await createIdentity({ role: 'projector', instance: 'projector-2' })
  const another = { spki, role: 'projector', instance: 'projector-2' }
  const some = entries.filter(({ instance }) => instance !== 'reporter-1')
  await saveAllowList(layout.allowList, { version: version + 1n, entries: [...some, another] })
  await planned()
  const after = await loadAllowList(layout.allowList)
  expect(after.entries).toContainEqual(another)
  expect(after.entries.map(({ instance }) => instance).sort()).toEqual(
    ['projector-2', ...linked(plan).map(({ name }) => name)].sort(),
  )
})

test('those that are started at the same time are all on the list', async () => {
  const plan = await planned()
  await ageAll(plan, 1)
  await Promise.all(plan.components.map((each) => each.prepare()))
  const list = await loadAllowList(plan.layout.allowList)
  expect(list.entries).toHaveLength(linked(plan).length)
  for (const { name, role } of linked(plan)) {
    const { spki } = await loadIdentity(identityFolder(plan.layout, name))
    expect(list.isAllowed(spki, role)).toBe(true)
  }
})

test('who faces clients and has no links has no key', async () => {
  const { components, layout } = await planned()
  const { entries } = await loadAllowList(layout.allowList)
  expect(entries.map(({ role }) => role)).not.toContain('query-api')
  const env = components.find(({ role }) => role === 'query-api')?.launch().env
  expect(env).not.toHaveProperty('HEADWATER_IDENTITY')
})
