import { inBrief } from '#runtime'

/** The path of a field as an answer names it, such as `postings.1.amount`; see {@link inBrief}. */
export const fieldIn = (path: string, name: string): string => inBrief(path === '' ? name : `${path}.${name}`)
