import { type Domain } from '#domain-kit'
import { ledger } from '#ledger'

/** The installed domains: to add one, add its folder and its line here. */
export const domains: readonly Domain[] = [ledger]
