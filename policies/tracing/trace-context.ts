import type { Exchange } from '../exchange.ts'

/** W3C Trace Context: where a request stands in a trace. */
export interface TraceParent {
  /** 32 digits of lower-case hex. */
  readonly traceId: string
  /** 16 digits, of the span that sent the request. */
  readonly spanId: string
  readonly isSampled: boolean
}

const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const stateLengthMax = 512
const stateMembersMax = 32
const stateMember = /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{1,256}$/

/** What `traceparent` says (§3.2); undefined where it is missing, twice there, or not of its form. */
export function traceParentOf(values: readonly string[]): TraceParent | undefined {
  const [value, second] = values
  if (value === undefined || second !== undefined) return undefined
  const match = form.exec(value)
  if (match === null) return undefined
  const [, version = '', traceId = '', spanId = '', flags = '', more] = match
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

/** What `tracestate` says, as one line (§3.3); empty where any of it is not of its form. */
export function traceStateOf(values: readonly string[]): string {
  const members = values
    .join(',')
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '')
  const state = members.join(',')
  const isFine =
    members.length <= stateMembersMax &&
    state.length <= stateLengthMax &&
    members.every((one) => stateMember.test(one))
  return isFine ? state : ''
}

function randomHex(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes))
  // All zeros mean that there is none.
  if (random.every((byte) => byte === 0)) random[0] = 1
  return [...random].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function newTraceId(): string {
  return randomHex(16)
}

export function newSpanId(): string {
  return randomHex(8)
}

/** From 0 to 1, the same on every node that sees the trace: the end of its id is its random part. */
export function chanceOf(traceId: string): number {
  return Number.parseInt(traceId.slice(-13), 16) / 2 ** 52
}

/** Tells the upstream, in the place of what the client said. */
export function propagate(
  exchange: Exchange,
  { traceId, spanId, isSampled }: TraceParent,
  state: string,
): void {
  exchange.setHeader('traceparent', `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`)
  if (state === '') exchange.removeHeader('tracestate')
  else exchange.setHeader('tracestate', state)
}
