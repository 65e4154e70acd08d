import { nowTicks } from '../log/event.js'
import { type Member } from '../node/member.js'
import { type Node } from '../node/node.js'
import { gossip } from '../proto.js'
import { structuredUuid } from './uuid.js'

const { INITIALIZING, FOLLOWER, LEADER, UNKNOWN } = gossip.MemberInfo.VNodeState

/** What one node says of all: who is there, and in which state. */
export function clusterInfo(of: Node): gossip.ClusterInfo {
  const info = new gossip.ClusterInfo()
  for (const node of of.cluster.members) {
    const endpoint = new gossip.EndPoint()
    endpoint.setAddress(node.endpoint.address)
    endpoint.setPort(node.endpoint.port)
    const member = new gossip.MemberInfo()
    member.setInstanceId(structuredUuid(node.instanceId))
    member.setTimeStamp(nowTicks().toString())
    member.setState(stateOf(node, of.cluster.leader))
    member.setIsAlive(node.alive)
    member.setHttpEndPoint(endpoint)
    info.addMembers(member)
  }
  return info
}

function stateOf(node: Member, leader: Member | undefined): gossip.MemberInfo.VNodeState {
  if (!node.ready) return INITIALIZING
  if (node === leader) return LEADER
  // Without a leader nobody follows: the recorded followers go back to this state until the election is over.
  return leader === undefined ? UNKNOWN : FOLLOWER
}
