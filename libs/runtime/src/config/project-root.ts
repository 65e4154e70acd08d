/** The folder of this checkout or installation; the CLI says where it is. */
export function projectRoot(): string {
  return process.env['HEADWATER_ROOT'] ?? process.cwd()
}
