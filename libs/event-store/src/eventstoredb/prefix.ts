/** What a prefix of streams must be. No name of an aggregate holds a full stop: what ends with one is nobody else's stream. */
export const PREFIX_RULE =
  'empty, or at most 64 of [A-Za-z0-9._] that end with a full stop, as in staging. ' +
  '(a log that was begun under another one: docs/guides/eventstoredb.md, "Several systems on one server")'

/** @returns whether a prefix tells the streams of one system from those of every other on the same server. */
export const isPrefix = (prefix: string): boolean => /^([A-Za-z0-9][A-Za-z0-9._]{0,62}\.)?$/.test(prefix)
