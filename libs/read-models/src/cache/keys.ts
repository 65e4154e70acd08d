/**
 * Names in Redis. A lane of a fleet has one hash: `generation`, `epoch` of its owner, `applied` (position), `fed` (position of the last
 * entry of its feed), `builds` (what is live in it), `build:<projection>.v<version>`, the number of its live build, and
 * `own:<projection>.v<version>`, the position of a projection that does not go with its lane. What belongs to a generation is dropped with it: nothing there outlives a gap.
 */
export const stateKey = (fleet: string, lane: number): string => `hw:rm:${fleet}:${lane}`
export const feedKey = (generation: string): string => `hw:rm:${generation}:feed`
export const ownField = ({ name, version }: { readonly name: string; readonly version: number }): string =>
  `own:${name}.v${version}`
export const buildField = ({ name, version }: { readonly name: string; readonly version: number }): string =>
  `build:${name}.v${version}`
/**
 * What nobody writes or tends goes after so long: rows that were not written again, and what a fleet leaves behind that a release has replaced. Whoever
 * comes back sooner goes on with it.
 */
export const TTL_S = 3_600
/** Every row of every generation. */
export const ROW_KEYS = 'hw:rm:*:row:*'
