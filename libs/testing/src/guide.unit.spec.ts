import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(__dirname, '../../..')
const text = (path: string): string => readFileSync(join(root, path), 'utf8')

test('the file that lists the domains is in the guide as it is, with the new one beside the others', () => {
  const guide = text('docs/guides/write-your-own-domain.md')
  const [, shown] = /File `libs\/domains\/src\/index\.ts`:\n\n```ts\n([\s\S]*?)```/.exec(guide) ?? []
  expect(shown).toContain("import { parking } from '#parking'\n")
  expect(shown?.replace("import { parking } from '#parking'\n", '').replace('ledger, parking,', 'ledger,')).toBe(
    text('libs/domains/src/index.ts'),
  )
})
