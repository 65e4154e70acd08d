/** Something the person at the terminal can do something about: shown without a stack, exit 1. */
export class CliFailure extends Error {
  override readonly name = 'CliFailure'
}
