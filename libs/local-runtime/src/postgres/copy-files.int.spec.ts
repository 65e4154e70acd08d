import { lstat, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { type TemporaryPostgres, temporaryPostgres } from '#testing'
import { copyFiles } from './copy-files.js'

const servers: TemporaryPostgres[] = []
afterEach(async () => {
  for (const each of servers.splice(0).reverse()) await each.drop()
})

test('a replica is copied while files come and go in the primary', async () => {
  const primary = await temporaryPostgres()
  servers.push(primary)
  const base = join(primary.folder, 'data', 'base')
  await mkdir(join(base, 'pgsql_tmp'))
  let isCopied = false
  const comesAndGoes = async (file: string): Promise<void> => {
    while (!isCopied) {
      await writeFile(file, '')
      await rm(file)
    }
  }
  const files = Array.from({ length: 20 }, (_, at) => [join(base, 'pgsql_tmp', `t${at}`), join(base, '1', `t${at}`)])
  const all = Promise.all(files.flat().map(comesAndGoes))
  const replica = await primary.replica().finally(() => (isCopied = true))
  servers.push(replica)
  await all
  const client = new pg.Client({ connectionString: replica.url('postgres') })
  await client.connect()
  try {
    expect((await client.query('select pg_is_in_recovery() as standby')).rows).toEqual([{ standby: true }])
  } finally {
    await client.end()
  }
})

test('a folder that a copy has for itself is its own, also where the one of the original lies elsewhere', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-copy-'))
  const [from, to, elsewhere] = ['from', 'to', 'elsewhere'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  try {
    for (const each of [from, to, elsewhere]) await mkdir(each)
    await writeFile(join(elsewhere, 'segment'), '')
    await symlink(elsewhere, join(from, 'pg_wal'))
    await copyFiles(from, to)
    expect((await lstat(join(to, 'pg_wal'))).isDirectory()).toBe(true)
    expect(await readdir(join(to, 'pg_wal'))).toEqual([])
  } finally {
    await rm(folder, { recursive: true })
  }
})
