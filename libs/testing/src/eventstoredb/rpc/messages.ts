import { type LoggedEvent, type ProposedEvent } from '../log/event.js'
import { shared, streams } from '../proto.js'
import { stringUuid, uuidText } from './uuid.js'

type ProposedMessage = streams.AppendReq.ProposedMessage | streams.BatchAppendReq.ProposedMessage

export const nameOf = (identifier: shared.StreamIdentifier | undefined): string => {
  const name = Buffer.from(identifier?.getStreamName_asU8() ?? []).toString('utf8')
  if (name === '') throw new Error("Value cannot be null. (Parameter 'value')")
  return name
}

export function streamIdentifier(name: string): shared.StreamIdentifier {
  const identifier = new shared.StreamIdentifier()
  identifier.setStreamName(Buffer.from(name, 'utf8'))
  return identifier
}

/** @throws Error as the server words it, for an id or a type that it refuses. */
export function proposedEvent(message: ProposedMessage): ProposedEvent {
  const metadata = message.getMetadataMap()
  const type = metadata.get('type') ?? ''
  const id = uuidText(message.getId())
  if (type === '') throw new Error("Empty eventType provided. (Parameter 'eventType')")
  return {
    id,
    type,
    // Anything but JSON is kept as bytes, whatever it called itself.
    contentType: metadata.get('content-type') === 'application/json' ? 'application/json' : 'application/octet-stream',
    data: message.getData_asU8(),
    metadata: message.getCustomMetadata_asU8(),
  }
}

/** An event as a read or a subscription delivers it. */
export function eventMessage(event: LoggedEvent): streams.ReadResp {
  const recorded = new streams.ReadResp.ReadEvent.RecordedEvent()
  recorded.setId(stringUuid(event.id))
  recorded.setStreamIdentifier(streamIdentifier(event.stream))
  recorded.setStreamRevision(event.revision.toString())
  recorded.setPreparePosition(event.position.toString())
  recorded.setCommitPosition(event.position.toString())
  recorded.getMetadataMap().set('content-type', event.contentType)
  recorded.getMetadataMap().set('created', event.created_ticks.toString())
  recorded.getMetadataMap().set('type', event.type)
  recorded.setCustomMetadata(event.metadata)
  recorded.setData(event.data)
  const read = new streams.ReadResp.ReadEvent()
  read.setEvent(recorded)
  read.setCommitPosition(event.position.toString())
  const message = new streams.ReadResp()
  message.setEvent(read)
  return message
}

export function confirmationMessage(subscriptionId: string): streams.ReadResp {
  const confirmation = new streams.ReadResp.SubscriptionConfirmation()
  confirmation.setSubscriptionId(subscriptionId)
  const message = new streams.ReadResp()
  message.setConfirmation(confirmation)
  return message
}

export function caughtUpMessage(): streams.ReadResp {
  const message = new streams.ReadResp()
  message.setCaughtUp(new streams.ReadResp.CaughtUp())
  return message
}

export function checkpointMessage(commit: bigint, prepare: bigint): streams.ReadResp {
  const checkpoint = new streams.ReadResp.Checkpoint()
  checkpoint.setCommitPosition(commit.toString())
  checkpoint.setPreparePosition(prepare.toString())
  const message = new streams.ReadResp()
  message.setCheckpoint(checkpoint)
  return message
}

export function notFoundMessage(name: string): streams.ReadResp {
  const notFound = new streams.ReadResp.StreamNotFound()
  notFound.setStreamIdentifier(streamIdentifier(name))
  const message = new streams.ReadResp()
  message.setStreamNotFound(notFound)
  return message
}
