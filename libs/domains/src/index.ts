import { install } from '#domain-kit'
import { ledger } from '#ledger'
import { reports } from '#reports'

/** The installed domains: to add one, add its folder and its line here. */
export const domains = install([ledger, reports])
