import type { Limits } from '../limits.ts'
import {
  at,
  classOf,
  COLON,
  CR,
  equalsToken,
  hexValue,
  HOST_NAME,
  LF,
  PERCENT,
  SLASH,
  SP,
  spells,
  TAB,
  TARGET,
  TARGET_LOOK_CLOSER,
  TOKEN,
  TOKEN_UNDERSCORE,
  wordAt,
} from './bytes.ts'
import type { KnownFields } from './known-fields.ts'

/** What a field is to the gateway. The serialiser drops kinds by a bit mask, so there are at most 31. */
export const FIELD = {
  other: 0,
  host: 1,
  contentLength: 2,
  transferEncoding: 3,
  connection: 4,
  expect: 5,
  upgrade: 6,
  /** Hop by hop by its name. */
  hop: 7,
  /** Hop by hop because Connection names it. */
  nominated: 8,
  forwardedFor: 9,
  forwardedProto: 10,
  forwardedHost: 11,
  /** Any other X-Forwarded-* and Forwarded. */
  forwarded: 12,
  /** Has an underscore: many servers read it as if it had a hyphen. */
  underscore: 13,
  date: 14,
  requestId: 15,
  authorization: 16,
  contentType: 17,
  /** X-Forwarded-Client-Cert: never passed on as it came, and shown to policies, which may pass it on. */
  forwardedClientCert: 18,
} as const

/** Why a head cannot be taken. `limits` kinds say which bound it crosses. */
export type HeadFault =
  | 'bad_request_line'
  | 'bad_path'
  | 'bad_version'
  | 'bad_header'
  | 'bad_host'
  | 'bad_framing'
  | 'bad_expectation'
  | 'method_unknown'
  | 'method_not_allowed'
  | 'uri_too_long'
  | 'header_too_large'
  | 'body_too_large'
  | 'bad_status_line'

/** What `parse` returns when the bytes at hand end inside the head. */
export const MORE = 0
/** What `parse` returns when the head is refused; `fault` says why. */
export const REFUSED = -1

const WORDS_PER_FIELD = 5
const LINE_START = 0
const NAME_END = 1
const VALUE_START = 2
const VALUE_END = 3
const KIND = 4
/** Set beside the kind where the line is `name: value` with one space, so that it can be copied as it stands. */
const CANONICAL = 256
const KIND_MASK = 255

const METHOD_BYTES_MAX = 24
const CONTENT_LENGTH_DIGITS_MAX = 15
const HOST_BYTES_MAX = 261

const METHODS = new Set([
  'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND', 'PROPPATCH', 'MKCOL', 'COPY', 'MOVE',
  'LOCK', 'UNLOCK', 'REPORT', 'SEARCH', 'QUERY', 'PURGE',
]) // biome-ignore format: a list of words

type HeadLimits = Pick<Limits, 'targetBytesMax' | 'fieldBytesMax' | 'headBytesMax' | 'fieldsMax'>

/**
 * Strict parser of one message head (RFC 9112 §2 to §6), fed with whatever bytes there are. It goes line by
 * line and resumes at the line that was not complete. Offsets are relative to where the head or its fields start,
 * so the bytes may move between two calls. Once complete it answers questions about the head until `reset`. With
 * known fields it does not read those lines again that a connection has sent just before.
 */
export class Head {
  readonly isResponse: boolean
  fault: HeadFault = 'bad_request_line'
  bytes: Buffer = EMPTY
  /** Where the head starts in `bytes`. */
  base = 0
  /** Its length, with the empty line. */
  size = 0
  fieldCount = 0

  methodStart = 0
  methodEnd = 0
  targetStart = 0
  targetEnd = 0
  /** The path has an escape, a dot segment or an empty segment, perhaps: ask the normaliser. */
  needsNormalising = false
  status = 0
  /** 0 or 1 of HTTP/1.x */
  minor = 1
  startLineEnd = 0

  /** -1 where there is none */
  contentLength = -1
  chunked = false
  close = false
  keepAlive = false
  /** Connection names `upgrade`. */
  upgradeNamed = false
  expectContinue = false
  hasDate = false
  hostField = -1
  upgradeField = -1
  upgradeFields = 0
  forwardedForField = -1
  forwardedProtoField = -1
  forwardedHostField = -1
  requestIdField = -1
  /** One bit for every kind of field there is. */
  kinds = 0

  private readonly limits: HeadLimits
  private readonly known: KnownFields | null
  /** The fields are those of the request before. */
  private isRepeated = false
  /** Their values, as far as anybody asked: one text for all requests, whose hash is computed once. */
  private texts: (string | undefined)[] = []
  private words = new Uint16Array(24 * WORDS_PER_FIELD)
  private resumeAt = 0
  private hasStartLine = false
  private skippedLine = false
  private nominates = false
  private expects = false

  constructor(isResponse: boolean, limits: HeadLimits, known: KnownFields | null = null) {
    this.isResponse = isResponse
    this.limits = limits
    this.known = known
  }

  reset(): void {
    this.bytes = EMPTY
    this.size = 0
    this.needsNormalising = false
    this.status = 0
    this.minor = 1
    this.resumeAt = 0
    this.hasStartLine = false
    this.skippedLine = false
    // Where they may come again, what is known of them stays until others come.
    if (this.known === null) this.forgetFields()
  }

  private forgetFields(): void {
    this.fieldCount = 0
    this.contentLength = -1
    this.chunked = false
    this.close = false
    this.keepAlive = false
    this.upgradeNamed = false
    this.expects = false
    this.expectContinue = false
    this.hasDate = false
    this.hostField = -1
    this.upgradeField = -1
    this.upgradeFields = 0
    this.forwardedForField = -1
    this.forwardedProtoField = -1
    this.forwardedHostField = -1
    this.requestIdField = -1
    this.kinds = 0
    this.nominates = false
    this.isRepeated = false
    if (this.texts.length > 0) this.texts = []
  }

  /** Parses from `base`; returns the index behind the head, MORE (call again with these bytes and more) or REFUSED. */
  parse(bytes: Buffer, base: number, end: number): number {
    this.bytes = bytes
    this.base = base
    const limit = base + this.limits.headBytesMax
    const stop = Math.min(end, limit)
    let position = base + this.resumeAt
    while (position < stop) {
      const next = this.line(bytes, position, stop)
      if (next === REFUSED) return REFUSED
      if (next === MORE) break
      if (this.size > 0) return next
      position = next
    }
    this.resumeAt = position - base
    if (stop === limit)
      return this.refuse(this.hasStartLine || this.isResponse ? 'header_too_large' : 'uri_too_long')
    return MORE
  }

  private line(bytes: Buffer, start: number, stop: number): number {
    if (!this.hasStartLine) {
      if (this.isResponse) return this.statusLine(bytes, start, stop)
      if (bytes[start] === CR) return this.emptyLineBefore(bytes, start, stop)
      const next = this.requestLine(bytes, start, stop)
      return next > 0 && this.known !== null ? this.fieldsAgain(this.known, bytes, next, stop) : next
    }
    if (bytes[start] !== CR) return this.field(bytes, start, stop)
    if (start + 1 >= stop) return MORE
    if (bytes[start + 1] !== LF) return this.refuse('bad_header')
    return this.isResponse ? this.endResponse(start + 2) : this.endRequest(start + 2)
  }

  private endRequest(end: number): number {
    this.size = end - this.base
    if (!this.completeRequest()) return REFUSED
    this.known?.keep(this.bytes, this.base + this.startLineEnd, end)
    return end
  }

  private endResponse(end: number): number {
    this.size = end - this.base
    return this.completeResponse() ? end : REFUSED
  }

  /** Takes the fields as they were read before, where the same lines follow; else they are read line by line. */
  private fieldsAgain(known: KnownFields, bytes: Buffer, start: number, stop: number): number {
    const length = known.lengthAgain(bytes, start, stop)
    if (length === 0) {
      this.forgetFields()
      return start
    }
    this.isRepeated = true
    this.size = start + length - this.base
    return this.completeRequest() ? start + length : REFUSED
  }

  // RFC 9112 §2.2: a server should ignore at least one empty line before the request line. One it is.
  private emptyLineBefore(bytes: Buffer, start: number, stop: number): number {
    if (this.skippedLine) return this.refuse('bad_request_line')
    if (start + 1 >= stop) return MORE
    if (bytes[start + 1] !== LF) return this.refuse('bad_request_line')
    this.skippedLine = true
    return start + 2
  }

  private requestLine(bytes: Buffer, start: number, stop: number): number {
    let position = start
    while (position < stop && classOf(TOKEN, at(bytes, position)) !== 0) position++
    if (position - start > METHOD_BYTES_MAX) return this.refuse('method_unknown')
    if (position >= stop) return MORE
    if (bytes[position] !== SP || position === start) return this.refuse('bad_request_line')
    this.methodStart = start - this.base
    this.methodEnd = position - this.base
    position = this.targetOfLine(bytes, position + 1, stop)
    return position > 0 ? this.version(bytes, position, stop) : position
  }

  private targetOfLine(bytes: Buffer, start: number, stop: number): number {
    let position = start
    let previous = 0
    let byte = 0
    let kind = 0
    let closer = false
    while (position < stop && (kind = classOf(TARGET, (byte = at(bytes, position)))) !== 0) {
      if (kind === TARGET_LOOK_CLOSER && (byte === PERCENT || previous === SLASH)) closer = true
      previous = byte
      position++
    }
    if (position - start > this.limits.targetBytesMax) return this.refuse('uri_too_long')
    if (position >= stop) return MORE
    if (position === start) return this.refuse('bad_request_line')
    if (byte !== SP) return this.refuse(byte === CR || byte === LF ? 'bad_request_line' : 'bad_path')
    this.needsNormalising = closer
    this.targetStart = start - this.base
    this.targetEnd = position - this.base
    return position + 1
  }

  // HTTP/1.x CR LF, ten bytes
  private version(bytes: Buffer, start: number, stop: number): number {
    const available = Math.min(stop - start, 10)
    for (let i = 0; i < available; i++) {
      const byte = at(bytes, start + i)
      const fits = i === 5 || i === 7 ? isDigit(byte) : byte === VERSION_LINE.charCodeAt(i)
      if (!fits) return this.refuse('bad_request_line')
    }
    if (available < 10) return MORE
    const minor = at(bytes, start + 7) - 48
    if (bytes[start + 5] !== 49 || minor > 1) return this.refuse('bad_version')
    this.minor = minor
    this.startLineEnd = start + 10 - this.base
    this.hasStartLine = true
    return start + 10
  }

  // HTTP/1.x SP 3DIGIT, twelve bytes, then an optional reason phrase
  private statusLine(bytes: Buffer, start: number, stop: number): number {
    const available = Math.min(stop - start, 12)
    for (let i = 0; i < available; i++) {
      if (!fitsStatusLine(i, at(bytes, start + i))) return this.refuse('bad_status_line')
    }
    if (stop - start <= 12) return MORE
    let position = start + 12
    if (bytes[position] !== SP && bytes[position] !== CR) return this.refuse('bad_status_line')
    position = valueEnd(bytes, position, stop)
    if (position >= stop) return MORE
    if (bytes[position] !== CR) return this.refuse('bad_status_line')
    if (position + 1 >= stop) return MORE
    if (bytes[position + 1] !== LF) return this.refuse('bad_status_line')
    this.minor = at(bytes, start + 7) - 48
    this.status =
      (at(bytes, start + 9) - 48) * 100 + (at(bytes, start + 10) - 48) * 10 + at(bytes, start + 11) - 48
    this.startLineEnd = position + 2 - this.base
    this.hasStartLine = true
    return position + 2
  }

  private field(bytes: Buffer, start: number, stop: number): number {
    let position = start
    let byte = 0
    let kind = 0
    let seen = 0
    while (position < stop && (kind = classOf(TOKEN, (byte = at(bytes, position)))) !== 0) {
      seen |= kind
      position++
    }
    const nameEnd = position
    if (position < stop) {
      if (byte !== COLON || position === start) return this.refuse('bad_header')
      position++
      while (position < stop && ((byte = at(bytes, position)) === SP || byte === TAB)) position++
    }
    const valueStart = position
    position = valueEnd(bytes, position, stop)
    if (position - start > this.limits.fieldBytesMax) return this.refuse('header_too_large')
    if (position >= stop) return MORE
    if (bytes[position] !== CR) return this.refuse('bad_header')
    if (position + 1 >= stop) return MORE
    if (bytes[position + 1] !== LF) return this.refuse('bad_header')
    if (this.fieldCount >= this.limits.fieldsMax) return this.refuse('header_too_large')
    const hasUnderscore = (seen & ~1 & TOKEN_UNDERSCORE) !== 0
    return this.keepField(bytes, start, nameEnd, valueStart, position, hasUnderscore)
  }

  private keepField(
    bytes: Buffer,
    start: number,
    nameEnd: number,
    valueStart: number,
    lineEnd: number,
    hasUnderscore: boolean,
  ): number {
    let end = lineEnd
    while (end > valueStart && (bytes[end - 1] === SP || bytes[end - 1] === TAB)) end--
    const isCanonical = valueStart === nameEnd + 2 && bytes[nameEnd + 1] === SP && end === lineEnd
    const kind = hasUnderscore ? FIELD.underscore : kindOf(bytes, start, nameEnd - start)
    const offset = this.fieldCount * WORDS_PER_FIELD
    if (offset + WORDS_PER_FIELD > this.words.length) this.growWords()
    const words = this.words
    const origin = this.base + this.startLineEnd
    words[offset + LINE_START] = start - origin
    words[offset + NAME_END] = nameEnd - origin
    words[offset + VALUE_START] = valueStart - origin
    words[offset + VALUE_END] = end - origin
    words[offset + KIND] = isCanonical ? kind | CANONICAL : kind
    if (kind !== FIELD.other && !this.take(kind, bytes, nameEnd, valueStart, end, lineEnd)) return REFUSED
    this.fieldCount++
    return lineEnd + 2
  }

  private growWords(): void {
    const grown = new Uint16Array(this.words.length * 2)
    grown.set(this.words)
    this.words = grown
  }

  /** Takes notice of a field that means something to the gateway; false where the head must be refused. */
  private take(
    kind: number,
    bytes: Buffer,
    nameEnd: number,
    start: number,
    end: number,
    lineEnd: number,
  ): boolean {
    const isRepeated = (this.kinds & (1 << kind)) !== 0
    this.kinds |= 1 << kind
    switch (kind) {
      case FIELD.contentLength:
      case FIELD.transferEncoding:
        if (isRepeated || hasTab(bytes, nameEnd, lineEnd)) return this.bad('bad_framing')
        if (kind === FIELD.contentLength) return this.takeLength(bytes, start, end)
        // Legal, but no client writes it: it is how a coding is hidden from a proxy that is less exact.
        if (!this.isResponse && (start - nameEnd > 2 || end < lineEnd)) return this.bad('bad_framing')
        return this.takeCoding(bytes, start, end)
      case FIELD.connection:
        return this.takeConnection(bytes, start, end)
      case FIELD.date:
        this.hasDate = true
        return true
      case FIELD.upgrade:
        this.upgradeField = this.fieldCount
        this.upgradeFields++
        return true
      default:
        return this.isResponse || this.takeRequestField(kind, isRepeated, bytes, start, end)
    }
  }

  private takeRequestField(
    kind: number,
    isRepeated: boolean,
    bytes: Buffer,
    start: number,
    end: number,
  ): boolean {
    switch (kind) {
      case FIELD.host:
        if (isRepeated || !isHost(bytes, start, end)) return this.bad('bad_host')
        this.hostField = this.fieldCount
        return true
      case FIELD.expect:
        if (isRepeated || end - start !== 12 || !spells(bytes, start, '100-continue'))
          return this.bad('bad_expectation')
        this.expects = true
        return true
      case FIELD.authorization:
      case FIELD.contentType:
        // A policy would look at one of them and the upstream, perhaps, at the other.
        return isRepeated ? this.bad('bad_header') : true
      case FIELD.forwardedFor:
        if (this.forwardedForField < 0) this.forwardedForField = this.fieldCount
        return true
      case FIELD.forwardedProto:
        this.forwardedProtoField = isRepeated ? -1 : this.fieldCount
        return true
      case FIELD.forwardedHost:
        this.forwardedHostField = isRepeated ? -1 : this.fieldCount
        return true
      case FIELD.requestId:
        this.requestIdField = isRepeated ? -1 : this.fieldCount
        return true
      default:
        return true
    }
  }

  // RFC 9112 §6.2: digits and nothing else. A list of equal lengths would be legal to merge; it is refused.
  private takeLength(bytes: Buffer, start: number, end: number): boolean {
    if (end === start) return this.bad('bad_framing')
    let length = 0
    for (let i = start; i < end; i++) {
      const byte = at(bytes, i)
      if (!isDigit(byte)) return this.bad('bad_framing')
      length = length * 10 + byte - 48
    }
    if (end - start > CONTENT_LENGTH_DIGITS_MAX) return this.bad('body_too_large')
    this.contentLength = length
    return true
  }

  // RFC 9112 §6.1: chunked alone. No other coding is understood here, and one that is not understood hides the end.
  private takeCoding(bytes: Buffer, start: number, end: number): boolean {
    if (end - start !== 7 || !spells(bytes, start, 'chunked')) return this.bad('bad_framing')
    this.chunked = true
    return true
  }

  private takeConnection(bytes: Buffer, start: number, end: number): boolean {
    if (end - start === 10 && spells(bytes, start, 'keep-alive')) {
      this.keepAlive = true
      return true
    }
    for (const option of bytes.latin1Slice(start, end).toLowerCase().split(',')) {
      const word = trimBlanks(option)
      for (let i = 0; i < word.length; i++)
        if (classOf(TOKEN, word.charCodeAt(i)) === 0) return this.bad('bad_header')
      if (word === 'close') this.close = true
      else if (word === 'keep-alive') this.keepAlive = true
      else if (word === 'upgrade') this.upgradeNamed = true
      else if (word !== '') this.nominates = true
    }
    return true
  }

  private completeRequest(): boolean {
    if (this.hostField < 0) return this.bad('bad_host')
    // RFC 9112 §6.1: both lengths, or a coding in HTTP/1.0, may smuggle a second request.
    if (this.chunked && (this.contentLength >= 0 || this.minor === 0)) return this.bad('bad_framing')
    this.expectContinue = this.expects && this.minor === 1
    if (this.nominates) this.markNominated()
    const method = this.method
    if (method === 'GET') return this.completeTarget(method)
    if (method === 'CONNECT' || method === 'TRACE') return this.bad('method_not_allowed')
    if (!METHODS.has(method)) return this.bad('method_unknown')
    return this.completeTarget(method)
  }

  // RFC 9112 §3.2: origin-form, absolute-form and, for OPTIONS, asterisk-form
  private completeTarget(method: string): boolean {
    const start = this.base + this.targetStart
    if (this.bytes[start] === SLASH) return true
    if (this.isAsterisk) return method === 'OPTIONS' || this.bad('bad_path')
    const absolute = ABSOLUTE_FORM.exec(this.bytes.latin1Slice(start, this.base + this.targetEnd))
    if (absolute === null) return this.bad('bad_path')
    if (absolute[1]?.toLowerCase() !== this.value(this.hostField).toLowerCase()) return this.bad('bad_host')
    const path = absolute[2] ?? ''
    if (path !== '' && path.charCodeAt(0) !== SLASH) return this.bad('bad_path')
    this.targetStart = this.targetEnd - path.length
    this.needsNormalising = true
    return true
  }

  private completeResponse(): boolean {
    const isInterim = this.status < 200
    const isBodiless = isInterim || this.status === 204
    if (this.chunked && (this.contentLength >= 0 || this.minor === 0 || isBodiless))
      return this.bad('bad_framing')
    if (isInterim && (this.minor === 0 || this.close || this.contentLength >= 0))
      return this.bad('bad_framing')
    if (this.nominates) this.markNominated()
    return true
  }

  // RFC 9110 §7.6.1. Framing and Host are not the peer's to take away. Nominated fields are gone for policies
  // too, so that a request never shows one set of headers to them and another to the upstream.
  private markNominated(): void {
    const names = new Set<string>()
    for (let field = 0; field < this.fieldCount; field++) {
      if (this.kind(field) !== FIELD.connection) continue
      for (const option of this.value(field).toLowerCase().split(',')) names.add(trimBlanks(option))
    }
    for (let field = 0; field < this.fieldCount; field++) {
      const kind = this.kind(field)
      const isOurs = kind >= FIELD.host && kind <= FIELD.hop
      if (!isOurs && names.has(this.name(field).toLowerCase())) this.setKind(field, FIELD.nominated)
    }
    this.kinds |= 1 << FIELD.nominated
  }

  get method(): string {
    const start = this.base + this.methodStart
    const end = this.base + this.methodEnd
    if (equalsGet(this.bytes, start, end)) return 'GET'
    return this.bytes.latin1Slice(start, end)
  }

  get isAsterisk(): boolean {
    return this.targetEnd - this.targetStart === 1 && this.bytes[this.base + this.targetStart] === 42
  }

  /** In origin-form; empty where an absolute-form had neither path nor query. */
  get target(): string {
    return this.bytes.latin1Slice(this.base + this.targetStart, this.base + this.targetEnd)
  }

  kind(field: number): number {
    return wordAt(this.words, field * WORDS_PER_FIELD + KIND) & KIND_MASK
  }

  private setKind(field: number, kind: number): void {
    const word = field * WORDS_PER_FIELD + KIND
    this.words[word] = (wordAt(this.words, word) & CANONICAL) | kind
  }

  isCanonical(field: number): boolean {
    return (wordAt(this.words, field * WORDS_PER_FIELD + KIND) & CANONICAL) !== 0
  }

  /** Where the line of a field starts in `bytes`; of the field behind the last one, where the fields end. */
  lineStart(field: number): number {
    if (field === this.fieldCount) return this.base + this.size - 2
    return this.base + this.startLineEnd + wordAt(this.words, field * WORDS_PER_FIELD + LINE_START)
  }

  nameLength(field: number): number {
    const word = field * WORDS_PER_FIELD
    return wordAt(this.words, word + NAME_END) - wordAt(this.words, word + LINE_START)
  }

  name(field: number): string {
    const start = this.lineStart(field)
    return this.bytes.latin1Slice(start, start + this.nameLength(field))
  }

  valueStart(field: number): number {
    return this.base + this.startLineEnd + wordAt(this.words, field * WORDS_PER_FIELD + VALUE_START)
  }

  valueEnd(field: number): number {
    return this.base + this.startLineEnd + wordAt(this.words, field * WORDS_PER_FIELD + VALUE_END)
  }

  value(field: number): string {
    const known = this.isRepeated ? this.texts[field] : undefined
    if (known !== undefined) return known
    const text = this.bytes.latin1Slice(this.valueStart(field), this.valueEnd(field))
    if (this.isRepeated) this.texts[field] = text
    return text
  }

  /** Whether the field's name is this lower-case one. */
  isNamed(field: number, lower: string): boolean {
    return this.nameLength(field) === lower.length && equalsToken(this.bytes, this.lineStart(field), lower)
  }

  /** The first field from `from` on with this lower-case name whose kind is not in the mask, or -1. */
  find(lower: string, hiddenKinds: number, from = 0): number {
    for (let field = from; field < this.fieldCount; field++) {
      if (this.isNamed(field, lower) && ((hiddenKinds >> this.kind(field)) & 1) === 0) return field
    }
    return -1
  }

  private refuse(fault: HeadFault): number {
    this.fault = fault
    return REFUSED
  }

  private bad(fault: HeadFault): false {
    this.fault = fault
    return false
  }
}

const EMPTY = Buffer.alloc(0)
const VERSION_LINE = 'HTTP/1.1\r\n'
const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)([/?].*)?$/i

// TAB is a legal blank round a value, and llhttp takes a coding behind one for another coding.
function hasTab(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] === TAB) return true
  return false
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57
}

function fitsStatusLine(index: number, byte: number): boolean {
  if (index === 7) return byte === 48 || byte === 49
  if (index === 8) return byte === SP
  if (index === 9) return byte >= 49 && byte <= 53
  return index > 9 ? isDigit(byte) : byte === VERSION_LINE.charCodeAt(index)
}

// Comparisons, not a table: on a header of 300 bytes they take less than half the time.
function valueEnd(bytes: Buffer, start: number, stop: number): number {
  let position = start
  let byte = 0
  while (position < stop && ((byte = at(bytes, position)) > 31 || byte === TAB) && byte !== 127) position++
  return position
}

function equalsGet(bytes: Buffer, start: number, end: number): boolean {
  return end - start === 3 && bytes[start] === 71 && bytes[start + 1] === 69 && bytes[start + 2] === 84
}

/** RFC 9110 §5.6.3: blanks are SP and TAB, and nothing else that String.trim takes. */
function trimBlanks(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '')
}

function kindOf(bytes: Buffer, start: number, length: number): number {
  switch (length) {
    case 2:
      return spells(bytes, start, 'te') ? FIELD.hop : FIELD.other
    case 4:
      if (spells(bytes, start, 'host')) return FIELD.host
      return spells(bytes, start, 'date') ? FIELD.date : FIELD.other
    case 6:
      return spells(bytes, start, 'expect') ? FIELD.expect : FIELD.other
    case 7:
      if (spells(bytes, start, 'upgrade')) return FIELD.upgrade
      return spells(bytes, start, 'trailer') ? FIELD.hop : FIELD.other
    case 9:
      return spells(bytes, start, 'forwarded') ? FIELD.forwarded : FIELD.other
    case 10:
      if (spells(bytes, start, 'connection')) return FIELD.connection
      return spells(bytes, start, 'keep-alive') ? FIELD.hop : FIELD.other
    default:
      return length > 11 ? kindOfLong(bytes, start, length) : FIELD.other
  }
}

function kindOfLong(bytes: Buffer, start: number, length: number): number {
  switch (length) {
    case 12:
      if (spells(bytes, start, 'x-request-id')) return FIELD.requestId
      return spells(bytes, start, 'content-type') ? FIELD.contentType : FIELD.other
    case 13:
      return spells(bytes, start, 'authorization') ? FIELD.authorization : FIELD.other
    case 14:
      return spells(bytes, start, 'content-length') ? FIELD.contentLength : FIELD.other
    case 15:
      if (spells(bytes, start, 'x-forwarded-for')) return FIELD.forwardedFor
      break
    case 16:
      if (spells(bytes, start, 'x-forwarded-host')) return FIELD.forwardedHost
      if (spells(bytes, start, 'proxy-connection')) return FIELD.hop
      break
    case 17:
      if (spells(bytes, start, 'transfer-encoding')) return FIELD.transferEncoding
      if (spells(bytes, start, 'x-forwarded-proto')) return FIELD.forwardedProto
      break
    case 18:
      return spells(bytes, start, 'proxy-authenticate') ? FIELD.hop : FIELD.other
    case 23:
      if (spells(bytes, start, 'x-forwarded-client-cert')) return FIELD.forwardedClientCert
      break
    case 19:
      return spells(bytes, start, 'proxy-authorization') ? FIELD.hop : FIELD.other
  }
  return spells(bytes, start, 'x-forwarded-') ? FIELD.forwarded : FIELD.other
}

// RFC 9110 §7.2 and RFC 3986 §3.2.2: a registered name or [IPv6], and a port. No user information, no lists.
function isHost(bytes: Buffer, start: number, end: number): boolean {
  if (end === start || end - start > HOST_BYTES_MAX) return false
  const nameEnd = bytes[start] === 91 ? endOfIpv6(bytes, start, end) : endOfName(bytes, start, end)
  if (nameEnd === start) return false
  return nameEnd === end || (bytes[nameEnd] === COLON && isPort(bytes, nameEnd + 1, end))
}

function endOfName(bytes: Buffer, start: number, end: number): number {
  let position = start
  while (position < end && classOf(HOST_NAME, at(bytes, position)) !== 0) position++
  return position
}

function endOfIpv6(bytes: Buffer, start: number, end: number): number {
  let colons = 0
  let position = start + 1
  for (; position < end; position++) {
    const byte = at(bytes, position)
    if (byte === COLON) colons++
    else if (hexValue(byte) < 0 && byte !== 46) break
  }
  return bytes[position] === 93 && position < end && colons >= 2 && colons <= 7 ? position + 1 : start
}

function isPort(bytes: Buffer, start: number, end: number): boolean {
  if (start === end || end - start > 5) return false
  let port = 0
  for (let i = start; i < end; i++) {
    const byte = at(bytes, i)
    if (!isDigit(byte)) return false
    port = port * 10 + byte - 48
  }
  return port <= 65_535
}
