/** The import cannot go on: the message tells the user what to do, and nothing else needs to be shown. */
export class ImportFailure extends Error {
  override readonly name = 'ImportFailure'
}
