import { type Metadata } from '@grpc/grpc-js'
import { type Refusal } from '../node/node.js'
import { type Failure, notLeader, notReady } from './failures.js'

export const requiresLeader = ({ metadata }: { readonly metadata: Metadata }): boolean =>
  metadata.get('requires-leader')[0] === 'true'

export const refusalFailure = (refusal: Refusal): Failure =>
  refusal.kind === 'not-ready' ? notReady() : notLeader(refusal.leader)
