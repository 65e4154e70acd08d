import { type Transcript } from './transcript.js'

/** What of a record cannot be replayed: its steps and rpcs by index, and which messages of an rpc still count. */
interface Exception {
  readonly why: string
  readonly steps?: readonly number[]
  readonly rpcs?: readonly number[]
  readonly messages?: {
    readonly rpc: number
    readonly requests: number
    readonly responses: number
    /** Whether it ended otherwise, too. */
    readonly ended?: boolean
  }
}

/** Of a call that its client ended. */
const CANCELLED = 1
const NEVER_SETTLES = 'data that is undefined makes the client throw inside: the append never settles'
const TWENTY_MEGABYTES = 'whether the refusal of 20 MB or a timeout comes first is a matter of speed'

export const EXCEPTIONS: Readonly<Partial<Record<string, Exception>>> = {
  append_payload_kinds_batch: { why: NEVER_SETTLES, steps: [3] },
  append_payload_kinds_unary: { why: NEVER_SETTLES, steps: [3], rpcs: [3] },
  append_max_size_batch: {
    why: TWENTY_MEGABYTES,
    steps: [7, 8],
    messages: { rpc: 1, requests: 8, responses: 7, ended: true },
  },
  append_max_size_unary: { why: TWENTY_MEGABYTES, steps: [7], rpcs: [7] },
  delete_tombstone: { why: 'the record names one stream in the call and another on the wire', steps: [22], rpcs: [17] },
  stream_names_unary: {
    why: 'an empty name is refused before the client has sent its event, or after',
    messages: { rpc: 7, requests: 1, responses: 0 },
  },
  server_features_unimplemented_fallback: {
    why: 'the recorder itself answered in place of the server, in its own words',
    messages: { rpc: 0, requests: 1, responses: 0, ended: true },
  },
  append_deadline: {
    why: 'with a deadline of 1 ms the Append rpc may be cancelled before or after it is written',
    steps: [4, 5],
    rpcs: [2, 3],
  },
  read_stream_ranges: { why: 'the client itself cannot write a negative count', steps: [14], rpcs: [13] },
  read_all_forwards: { why: 'a read of 0 events hangs until the recorder gives up', steps: [5], rpcs: [5] },
}

/** A record without what cannot be replayed. An undecoded message stands for those left out, as in the records. */
export function replayable(name: string, recorded: Transcript): Transcript {
  const exception = EXCEPTIONS[name]
  if (exception === undefined) return recorded
  const { steps = [], rpcs = [], messages } = exception
  const cut = recorded.rpcs?.map((rpc, index) =>
    index === messages?.rpc
      ? {
          ...rpc,
          requests: [...rpc.requests.slice(0, messages.requests), {}],
          responses: [...rpc.responses.slice(0, messages.responses), {}],
          ...(messages.ended && { status: { ...rpc.status, code: CANCELLED } }),
        }
      : rpc,
  )
  return {
    ...recorded,
    ...(recorded.steps && { steps: recorded.steps.filter((_, index) => !steps.includes(index)) }),
    ...(cut && { rpcs: cut.filter((_, index) => !rpcs.includes(index)) }),
  }
}
