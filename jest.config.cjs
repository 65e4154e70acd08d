// Jest cannot require() ES modules on Node 20, and Nest 12 is ES modules only: every file, dependencies too, is
// compiled to CommonJS by swc (cached). Files that break when made strict are left as they are. What is imported from a package or a
// library is loaded when it is first used (`lazy`): each test file loads all that it loads anew, and most use little of it.
const typescript = ['@swc/jest', {
  swcrc: false,
  jsc: {
    parser: { syntax: 'typescript', decorators: true },
    target: 'es2022',
    transform: { legacyDecorator: true, decoratorMetadata: true },
    keepClassNames: true,
  },
  module: { type: 'commonjs', lazy: true },
  sourceMaps: 'inline',
}]
const javascript = ['@swc/jest', { swcrc: false, jsc: { target: 'es2022' }, module: { type: 'commonjs', lazy: true } }]

const project = (name, more = {}) => ({
  displayName: name,
  rootDir: __dirname,
  testEnvironment: 'node',
  testMatch: [`<rootDir>/{apps,libs,bench,faults,scripts}/**/*.${name}.spec.ts`],
  transform: { '\\.ts$': typescript, '\\.m?js$': javascript },
  transformIgnorePatterns: ['/node_modules/(google-protobuf|@eventstore|@grpc|@swc)/'],
  moduleNameMapper: { '^#([a-z-]+)$': '<rootDir>/libs/$1/src/index.ts', '^(\\.{1,2}/.*)\\.js$': '$1' },
  setupFiles: ['reflect-metadata'],
  setupFilesAfterEnv: ['<rootDir>/scripts/jest-setup.cjs'],
  ...more,
})

module.exports = {
  projects: [project('unit'), project('int'), project('e2e'), project('alone')],
}
