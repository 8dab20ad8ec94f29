import { CLOSE, clientFrameFault, FrameTracker, OPCODE, unmask } from './frames.ts'

/** Shown a whole text message; true keeps it from the upstream. */
export type Take = (text: string) => boolean

interface Interception {
  readonly maxBytes: number
  readonly take: Take
}

export interface Fault {
  readonly code: number
  readonly reason: string
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const NOTHING = Buffer.alloc(0)

/**
 * Reads what a client sends on a WebSocket, where policies look inside: it checks every frame, shows whole text
 * messages, and passes on all that nobody keeps, as it came.
 */
export class Inspector {
  private readonly frame = new FrameTracker()
  private readonly reserved: number
  private readonly interceptions: Interception[] = []
  /** Bytes of the frame at hand that are kept back until it is whole. */
  private kept: Buffer[] | null = null
  private isPassing = false
  private readonly out: Buffer[] = []

  /** With an extension, reserved bits have a meaning that is not known here. */
  constructor(hasExtension: boolean) {
    this.reserved = hasExtension ? 0x70 : 0
  }

  intercept(maxBytes: number, take: Take): void {
    this.interceptions.push({ maxBytes, take })
  }

  /** The upstream has got whole frames only. */
  get betweenFrames(): boolean {
    return !this.isPassing
  }

  get closed(): boolean {
    return this.frame.closed
  }

  /** What is to be passed on of the bytes read. */
  takeOutput(): Buffer {
    const bytes = this.out.length === 1 ? (this.out[0] ?? NOTHING) : Buffer.concat(this.out)
    this.out.length = 0
    return bytes
  }

  /** Reads bytes until `stops` says after a frame that no more are wanted. */
  read(bytes: Buffer, stops: () => boolean): Fault | null {
    const { frame } = this
    let position = 0
    while (position < bytes.length) {
      const start = position
      if (frame.hasHeader && frame.payloadLeft > 0) {
        position = frame.skip(position, bytes.length)
        this.keepOrPass(bytes.subarray(start, position))
      } else {
        const wasInMessage = frame.inMessage
        position = frame.readHeader(bytes, position, bytes.length)
        if (!frame.hasHeader) return null
        const reason = clientFrameFault(frame, wasInMessage, this.reserved)
        if (reason !== null) return { code: CLOSE.protocolError, reason }
        this.beginFrame()
      }
      if (frame.payloadLeft > 0) continue
      const fault = this.endFrame()
      if (fault !== null) return fault
      if (stops()) return null
    }
    return null
  }

  private beginFrame(): void {
    const { frame, interceptions } = this
    const isWholeText = frame.opcode === OPCODE.text && frame.isFinal && frame.reserved === 0
    const isShown = isWholeText && interceptions.some(({ maxBytes }) => frame.payloadLeft <= maxBytes)
    this.kept = isShown ? [] : null
    this.isPassing = !isShown
    this.keepOrPass(Buffer.from(frame.header.subarray(0, frame.headerLength)))
  }

  private keepOrPass(bytes: Buffer): void {
    if (this.kept === null) this.out.push(bytes)
    // A frame that comes byte by byte must not cost a buffer for each.
    else if (this.kept.length < 64) this.kept.push(bytes)
    else this.kept = [Buffer.concat([...this.kept, bytes])]
  }

  private endFrame(): Fault | null {
    const { kept } = this
    this.kept = null
    this.isPassing = false
    if (kept === null) return null
    const raw = Buffer.concat(kept)
    const { headerLength, header, maskStart } = this.frame
    const payload = Buffer.from(raw.subarray(headerLength))
    unmask(payload, header.subarray(maskStart, headerLength))
    let text: string
    try {
      text = utf8.decode(payload)
    } catch {
      return { code: CLOSE.badText, reason: 'a text that is not UTF-8' }
    }
    const isKept = this.interceptions.some(({ maxBytes, take }) => payload.length <= maxBytes && take(text))
    if (!isKept) this.out.push(raw)
    return null
  }
}
