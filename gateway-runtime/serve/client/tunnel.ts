import { CLOSE, closeFrame, FrameTracker, textFrame } from './frames.ts'
import { Inspector, type Take } from './inspector.ts'

/** What a tunnel needs of the connection that it belongs to. */
export interface TunnelOwner {
  toClient(bytes: Buffer): void
  toUpstream(bytes: Buffer): void
  /** Something has come: the idle time begins anew. */
  tunnelMoved(): void
  /** A close is under way, which must not take long. */
  tunnelCloses(): void
  /** Both sides have been told. */
  tunnelClosed(): void
}

/** Messages of the gateway's own that wait for the end of a message of the upstream. */
const QUEUED_BYTES_MAX = 65_536

/** An open WebSocket: bytes both ways, and frames of the gateway's own between them. */
export class Tunnel {
  /** Why the gateway or a policy has ended it. */
  code: string | undefined = undefined
  /** Bytes in frames of either side. */
  clientBytes = 0
  upstreamBytes = 0
  private readonly owner: TunnelOwner
  private readonly fromClient = new FrameTracker()
  private readonly fromUpstream = new FrameTracker()
  private readonly inspector: Inspector | null
  private readonly queue: Buffer[] = []
  private queuedBytes = 0
  private isReading = false
  private closing: { readonly code: number; readonly reason: string } | null = null
  private isOver = false

  /** An inspector checks what the client sends and shows it to policies; without one all bytes pass as they are. */
  constructor(owner: TunnelOwner, inspector: Inspector | null) {
    this.owner = owner
    this.inspector = inspector
  }

  get isClosing(): boolean {
    return this.closing !== null
  }

  /** Either side has said that it closes. */
  get hasClosed(): boolean {
    return this.fromUpstream.closed || (this.inspector ?? this.fromClient).closed
  }

  /** The client may get a frame between two others. */
  private get isClientFree(): boolean {
    return this.fromUpstream.betweenFrames
  }

  private get isUpstreamFree(): boolean {
    return (this.inspector ?? this.fromClient).betweenFrames
  }

  clientCame(bytes: Buffer): void {
    const { inspector, fromClient } = this
    if (this.closing === null) this.owner.tunnelMoved()
    else if (this.isUpstreamFree || (inspector ?? fromClient).closed) return
    this.clientBytes += bytes.length
    if (inspector !== null) this.inspect(bytes, inspector)
    else {
      const stop = fromClient.advance(bytes, 0, bytes.length, this.closing !== null)
      this.owner.toUpstream(stop < bytes.length ? bytes.subarray(0, stop) : bytes)
    }
    if (this.closing !== null) this.sayClose()
  }

  private inspect(bytes: Buffer, inspector: Inspector): void {
    this.isReading = true
    const fault = inspector.read(bytes, () => this.closing !== null)
    this.isReading = false
    const output = inspector.takeOutput()
    if (output.length > 0) this.owner.toUpstream(output)
    if (fault !== null) this.close(fault.code, fault.reason, 'websocket_fault')
  }

  upstreamCame(bytes: Buffer, start: number, end: number): void {
    const { fromUpstream } = this
    if (this.closing === null) this.owner.tunnelMoved()
    else if (fromUpstream.betweenFrames || fromUpstream.closed) return
    const stop = this.isWaiting
      ? this.passMessages(bytes, start, end)
      : fromUpstream.advance(bytes, start, end, this.closing !== null)
    this.upstreamBytes += stop - start
    if (start < stop) this.owner.toClient(bytes.subarray(start, stop))
    if (this.closing !== null) this.sayClose()
    else if (this.isWaiting) {
      this.flush()
      if (stop < end) this.upstreamCame(bytes, stop, end)
    }
  }

  private get isWaiting(): boolean {
    return this.queue.length > 0 && this.closing === null
  }

  /** Up to the end of the message at hand, behind which the gateway's own may go. */
  private passMessages(bytes: Buffer, start: number, end: number): number {
    const { fromUpstream } = this
    let position = start
    while (position < end) {
      position = fromUpstream.advance(bytes, position, end, true)
      if (fromUpstream.betweenFrames && !fromUpstream.inMessage) break
    }
    return position
  }

  /** Sends the client a text message, once the upstream is between two messages. */
  send(text: string): void {
    if (this.closing !== null || this.isOver || this.fromUpstream.closed) return
    const frame = textFrame(text)
    this.queuedBytes += frame.length
    if (this.queuedBytes > QUEUED_BYTES_MAX)
      return this.close(CLOSE.policy, 'too many messages wait', 'websocket_unread')
    this.queue.push(frame)
    this.flush()
  }

  private flush(): void {
    if (!this.isClientFree || this.fromUpstream.inMessage) return
    const frames = this.queue.splice(0)
    this.queuedBytes = 0
    for (const frame of frames) this.owner.toClient(frame)
  }

  intercept(maxBytes: number, take: Take): void {
    this.inspector?.intercept(maxBytes, take)
  }

  /**
   * Ends both sides with a close frame (RFC 6455 §7.1.2). It goes between two frames only, so a side inside a frame
   * gets its rest first, for a moment.
   */
  close(code: number, reason: string, why: string): void {
    if (this.closing !== null || this.isOver) return
    this.closing = { code, reason }
    this.code = why
    this.queue.length = 0
    this.owner.tunnelCloses()
    this.sayClose()
  }

  private sayClose(): void {
    const { closing } = this
    // What the client has sent before goes out first.
    if (closing === null || this.isReading || this.isOver || !this.isClientFree || !this.isUpstreamFree)
      return
    if (!(this.inspector ?? this.fromClient).closed)
      this.owner.toUpstream(closeFrame(true, closing.code, closing.reason))
    if (!this.fromUpstream.closed) this.owner.toClient(closeFrame(false, closing.code, closing.reason))
    this.end()
    this.owner.tunnelClosed()
  }

  /** No more frames go anywhere. */
  end(): void {
    this.isOver = true
    this.queue.length = 0
  }
}
