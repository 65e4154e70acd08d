// The definitions that the client ships, so that both sides speak the same bytes. The generated files are CommonJS that
// names its exports only at run time: default imports are what both Node and Jest can load.
import code from '@eventstore/db-client/generated/code_pb.js'
import gossip from '@eventstore/db-client/generated/gossip_pb.js'
import features from '@eventstore/db-client/generated/serverfeatures_pb.js'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import status from '@eventstore/db-client/generated/status_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import any from 'google-protobuf/google/protobuf/any_pb.js'
import empty from 'google-protobuf/google/protobuf/empty_pb.js'

export { GossipService } from '@eventstore/db-client/generated/gossip_grpc_pb.js'
export { ServerFeaturesService } from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js'
export { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js'
export { any, code, empty, features, gossip, shared, status, streams }
