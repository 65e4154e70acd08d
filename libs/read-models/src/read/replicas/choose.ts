/** Of two taken at random the one with less to do: nearly as even as knowing all, and no herd runs to the idlest. */
export function lessBusyOfTwo<T extends { readonly inFlight: number }>(
  all: readonly T[],
  random: () => number = Math.random,
): T | undefined {
  const at = Math.floor(random() * all.length)
  const one = all[at]
  if (all.length < 2 || !one) return one
  const other = all[(at + 1 + Math.floor(random() * (all.length - 1))) % all.length]
  return other && other.inFlight < one.inFlight ? other : one
}

/** How far one may be relied on: away is not asked while another will do, lagging only before those that are away. */
export const STANDINGS = ['ready', 'lagging', 'away'] as const
export type Standing = (typeof STANDINGS)[number]

/** Those of the best standing that is left. However bad they all are, some are left: ejecting never ejects all. */
export function bestOf<T extends { readonly standing: Standing }>(all: readonly T[]): readonly T[] {
  for (const standing of STANDINGS) {
    const some = all.filter((each) => each.standing === standing)
    if (some.length > 0) return some
  }
  return []
}
