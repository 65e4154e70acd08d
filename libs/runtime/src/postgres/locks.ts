/**
 * Numbers of the advisory locks in Postgres, one a purpose: several purposes may share a database, and would wait for each other. A number that
 * is in use stays what it is: an old release and a new one run beside each other while one takes the place of the other.
 */
export const LOCKS = {
  /** The log's schema is made and migrated. */
  logSchema: 7_400_001,
  /** The schema `headwater` of the read models' database, which process managers use, too, is made and migrated. */
  readModelsSchema: 7_400_002,
  /** What operators do with builds. */
  operation: 7_400_003,
  /** Indexes of a projection's build are made; with a second number, of the projection. */
  indexing: 7_400_004,
  /** Epochs of lanes go on. */
  epochs: 7_400_005,
  /** The table of the snapshots is made. */
  snapshotsTable: 7_400_006,
  /** Partitions of the log are archived or restored. */
  archiving: 7_400_007,
  /** The tables of names, for a log in EventStoreDB, are made. */
  namesSchema: 7_400_008,
} as const
