// The dependency rules of the design: arrows point down only, apps never meet, no circle, no way past a public face.
const { readFileSync } = require('node:fs')
const { join } = require('node:path')

/** The installed domains, read from the one file that lists them. */
const domains = [...readFileSync(join(__dirname, 'libs/domains/src/index.ts'), 'utf8').matchAll(/from '#([a-z0-9-]+)'/g)]
  .map(([, name]) => name)
  .filter((name) => name !== 'domain-kit')
const lib = (name) => `^libs/${name}/`
const face = 'src/index\\.ts$'
/** Which libraries a library may import; what is not listed may import nothing of ours. */
const allowed = {
  'domain-kit': [],
  ...Object.fromEntries(domains.map((name) => [name, ['domain-kit']])),
  domains: ['domain-kit', ...domains],
  'event-store': ['domain-kit', 'mesh', 'leadership', 'runtime'],
  leadership: ['runtime'],
  mesh: ['runtime'],
  runtime: ['domain-kit'],
  commands: ['domain-kit', 'event-store', 'runtime'],
  processes: ['domain-kit', 'event-store', 'commands', 'leadership', 'runtime'],
  'read-models': ['domain-kit', 'event-store', 'leadership', 'runtime'],
  'http-api': ['domain-kit', 'runtime'],
  'live-client': [],
  'local-runtime': ['event-store', 'mesh', 'runtime'],
  testing: ['domain-kit', 'event-store', 'leadership', 'mesh', 'runtime', 'commands', 'processes', 'read-models', 'local-runtime', 'http-api', 'live-client', 'domains', ...domains],
}
const spec = '\\.spec\\.ts$'
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'apps-never-meet', severity: 'error', from: { path: '^apps/([^/]+)/' }, to: { path: '^apps/', pathNot: '^apps/$1/' } },
    { name: 'libs-never-import-apps', severity: 'error', from: { path: '^libs/' }, to: { path: '^apps/' } },
    { name: 'public-faces-only', severity: 'error', from: { path: '^(apps|bench|faults)/' }, to: { path: '^libs/', pathNot: face } },
    { name: 'public-faces-between-libs', severity: 'error', from: { path: '^libs/([^/]+)/' }, to: { path: '^libs/', pathNot: ['^libs/$1/', face] } },
    { name: 'domain-kit-imports-nothing', severity: 'error', from: { path: lib('domain-kit'), pathNot: spec }, to: { pathNot: lib('domain-kit') } },
    {
      name: 'domains-are-pure',
      comment: 'a domain imports domain-kit, class-validator and itself: no framework, no clock, no I/O',
      severity: 'error',
      from: { path: `^libs/(${domains.join('|')})/`, pathNot: spec },
      to: { pathNot: ['^libs/domain-kit/', '^libs/$1/', 'node_modules/class-validator/', 'node_modules/class-transformer/'] },
    },
    {
      name: 'live-client-is-for-browsers',
      comment: 'what runs in a browser imports socket.io-client and itself: nothing of ours, nothing of Node',
      severity: 'error',
      from: { path: lib('live-client'), pathNot: spec },
      to: { pathNot: [lib('live-client'), 'node_modules/socket.io-client/'] },
    },
    { name: 'no-dev-dependency-in-product', severity: 'error', from: { path: '^(apps|libs)/', pathNot: [spec, lib('testing')] }, to: { dependencyTypes: ['npm-dev'] } },
    ...Object.entries(allowed).map(([name, to]) => ({
      name: `${name}-points-down`,
      severity: 'error',
      from: { path: lib(name), pathNot: spec },
      to: { path: '^libs/', pathNot: [name, ...to].map(lib) },
    })),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.deps.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^node_modules/|(^|/)dist/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
}
