export const SCOPES = ['read', 'write', 'operate'] as const
export type Scope = (typeof SCOPES)[number]

/** Who asks, and what the token lets them do. */
export interface Principal {
  readonly subject: string
  readonly scopes: ReadonlySet<Scope>
  /** ms since 1970; the token is worth nothing from then on. */
  readonly expiresAt_ms: number
  /** Ids that the claim `<aggregate>s` (for books: `books`) restricts to; undefined for all. */
  idsOf(aggregate: string): readonly string[] | undefined
  /** To some instances of one aggregate or more: what spans them all is not for it. */
  readonly isRestricted: boolean
}

export function mayTouch(principal: Principal, aggregate: string, id: string): boolean {
  return principal.idsOf(aggregate)?.includes(id) ?? true
}
