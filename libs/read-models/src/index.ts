export { type Stop } from './builds/stop.js'
export { Builds, type BuildStatus, type LaneStatus } from './builds/builds.js'
export { type Decision, type DecisionRecord } from './builds/decisions.js'
export { type Slot } from './builds/slots.js'
export { indexBuilds } from './builds/index-builds.js'
export { fleetOf } from './builds/fleet.js'
export { type LaneSetup } from './cache/cached-lane.js'
export { CacheWriter } from './cache/cache-writer.js'
export { buildField } from './cache/keys.js'
export { openRedis, type Redis } from './cache/redis.js'
export { Feed, type FeedBatch, type FeedLane, type FeedOptions } from './feed/feed.js'
export { type FeedChange, type Op } from './project/changes.js'
export { laneFor, LANES, WHOLE } from './project/lanes.js'
export { Projector, type ProjectorOptions } from './project/projector.js'
export { type Carrier, Carriers } from './read/carriers.js'
export { type Answer, type Covered } from './read/answers.js'
export { type MissedItems, Reader, type ReaderOptions, type Reading } from './read/reader.js'
export { type Export, Exporter, type ExporterOptions } from './read/exporter.js'
export { type At, type Condition, FRESH_MS_MAX, type ListQuery, type Sort } from './read/query.js'
export { type NamedResource, type ReadableResource, ResourceCatalogue, type RowFilter } from './read/resources.js'
export { SubjectPlaces } from './read/subject-places.js'
export { type ReplicaStatus } from './read/replicas/replica-set.js'
export { type Freshness, type Snapshot, type SourceName, Sources, type SourcesOptions } from './read/sources.js'
export {
  besideSql,
  checkpointsIn,
  collectionSql,
  type Place,
  positionSql,
  rowsSql,
  type Statement,
} from './read/sql.js'
export { entitiesOf } from './tables/entities.js'
export { migrateReadModels } from './tables/migrations.js'
export { decodeRow, fromSql, identityOf, type StoredRow } from './tables/row-codec.js'
export { type ReadTable, tablesOf } from './tables/table.js'
