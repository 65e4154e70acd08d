/** What socket.io calls an event of this namespace, before its arguments: https://socket.io/docs/v4/socket-io-protocol. */
const HEAD = '2/live,'

/** One message as the transport takes it. */
export interface Packet {
  readonly text: string
  /** The same as a WebSocket frame, which the engine sends as it is; long polling takes the text. */
  readonly options: { readonly compress: false; readonly wsPreEncodedFrame: readonly Buffer[] }
}

/**
 * What a subscriber is told, encoded once however many are told: the body for all of them, and the whole packet for those
 * in a row whose subscription has the same id, as it mostly has where each socket watches one thing.
 */
export class Payload {
  private body: string | undefined
  private last: { readonly head: string; readonly packet: Packet } | undefined

  constructor(
    readonly position: string,
    private readonly data: unknown,
  ) {}

  packet(event: 'change' | 'reset', subscription: string): Packet {
    const head = `${HEAD}["${event}",{"subscription":"${subscription}",`
    if (this.last?.head === head) return this.last.packet
    this.body ??= `"position":"${this.position}","data":${JSON.stringify(this.data)}}]`
    const text = head + this.body
    // 4: the engine's kind of packet that carries a message.
    const packet: Packet = { text, options: { compress: false, wsPreEncodedFrame: [textFrame(`4${text}`)] } }
    this.last = { head, packet }
    return packet
  }
}

/** A WebSocket frame of text, unmasked, as servers send it (RFC 6455, 5.2). */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8
  const frame = Buffer.allocUnsafe(2 + extended + length)
  frame.writeUInt8(0x81, 0)
  frame.writeUInt8(extended === 0 ? length : extended === 2 ? 126 : 127, 1)
  if (extended === 2) frame.writeUInt16BE(length, 2)
  if (extended === 8) frame.writeBigUInt64BE(BigInt(length), 2)
  frame.write(text, 2 + extended)
  return frame
}
