import { CliFailure } from '../failure.js'

export async function importHledgerCommand(_file: string, _options: { book: string }): Promise<number> {
  return Promise.reject(new CliFailure('not yet'))
}
