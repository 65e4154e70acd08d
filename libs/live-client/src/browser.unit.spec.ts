import { join } from 'node:path'
import ts from 'typescript'

const FOLDER = join(__dirname, '..')

/** The package as its own tsconfig.json builds it: with the DOM, without Node's types. */
function build(): { readonly program: ts.Program; readonly files: ReadonlyMap<string, string> } {
  const read = ts.readConfigFile(join(FOLDER, 'tsconfig.json'), (path) => ts.sys.readFile(path))
  const { options, fileNames } = ts.parseJsonConfigFileContent(read.config, ts.sys, FOLDER)
  const program = ts.createProgram(fileNames, options)
  const files = new Map<string, string>()
  program.emit(undefined, (name, text) => files.set(name, text))
  return { program, files }
}

/** What a file imports or exports from, statically or not. */
function importsOf(name: string, text: string): string[] {
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    const isFrom = ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
    if (isFrom && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier))
      found.push(node.moduleSpecifier.text)
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) found.push(node.getText())
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true))
  return found
}

test('the package compiles for a browser, and what is built imports socket.io-client and nothing else', () => {
  const { program, files } = build()
  const mistakes = ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
  expect(mistakes).toEqual([])
  const scripts = [...files].filter(([name]) => name.endsWith('.js'))
  expect(scripts.length).toBeGreaterThan(5)
  const outside = scripts.flatMap(([name, text]) => importsOf(name, text)).filter((each) => !each.startsWith('./'))
  expect([...new Set(outside)]).toEqual(['socket.io-client'])
  for (const [name, text] of scripts) expect([name, /\b(process|Buffer|require)\b/.test(text)]).toEqual([name, false])
})
