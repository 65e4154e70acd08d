import { type EventMetadata } from '#domain-kit'

/** Metadata of an append's last event also says which command it was; clients see `$command` too: it is no secret. */
export interface StoredMetadata extends EventMetadata {
  readonly $command?: { readonly key: string; readonly hash: string }
}
