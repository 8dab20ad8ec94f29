import { isFieldValue, isToken } from './bytes.ts'
import { FIELD, type Head } from './head.ts'

/** Fields of a request that never go on as they came: hop by hop, or written by the gateway itself. */
export const REQUEST_DROPS =
  (1 << FIELD.host) |
  (1 << FIELD.transferEncoding) |
  (1 << FIELD.connection) |
  (1 << FIELD.upgrade) |
  (1 << FIELD.hop) |
  (1 << FIELD.nominated) |
  (1 << FIELD.forwardedFor) |
  (1 << FIELD.forwardedProto) |
  (1 << FIELD.forwardedHost) |
  (1 << FIELD.forwarded) |
  (1 << FIELD.forwardedClientCert) |
  (1 << FIELD.underscore) |
  (1 << FIELD.requestId)

/** The same for responses. */
export const RESPONSE_DROPS =
  (1 << FIELD.transferEncoding) |
  (1 << FIELD.connection) |
  (1 << FIELD.upgrade) |
  (1 << FIELD.hop) |
  (1 << FIELD.nominated)

// Whoever could set these could end a message where it does not end, or speak for the gateway.
const FRAMING_NAMES = new Set([
  'connection', 'content-length', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade',
]) // biome-ignore format: a list of words

/** What policies change about one head. Names are lower-case. */
export class HeadEdits {
  private readonly names: string[] = []
  /** null where the field is removed. */
  private readonly values: (string | null)[] = []
  private additions = ''
  private readonly added: (readonly [name: string, value: string])[] = []
  /** One bit for each length of a name modulo 32, so that most lines pass without a comparison. */
  private lengths = 0

  set(name: string, value: string): void {
    check(name, value)
    this.put(name, value)
  }

  remove(name: string): void {
    check(name, '')
    this.put(name, null)
  }

  /** Adds a line beside those that are there. */
  add(name: string, value: string): void {
    check(name, value)
    this.additions += `${name}: ${value}\r\n`
    this.added.push([name, value])
  }

  /** The value that was set, null where it was removed, undefined where it was left alone. */
  get(name: string): string | null | undefined {
    const index = this.names.indexOf(name)
    return index < 0 ? undefined : this.values[index]
  }

  /** The values beside those of the head. */
  addedValues(name: string): string[] {
    return this.added.flatMap(([added, value]) => (added === name ? [value] : []))
  }

  /** Every name that was set or added. */
  writtenNames(): string[] {
    const set = this.names.filter((_, index) => this.values[index] !== null)
    return [...set, ...this.added.map(([name]) => name)]
  }

  touches(head: Head, field: number): boolean {
    const length = head.nameLength(field)
    if ((this.lengths & (1 << (length & 31))) === 0) return false
    for (const name of this.names) if (head.isNamed(field, name)) return true
    return false
  }

  /** The lines to add behind the fields that stay. */
  get lines(): string {
    let lines = ''
    for (let i = 0; i < this.names.length; i++) {
      const value = this.values[i]
      if (typeof value === 'string' && this.names[i] !== 'host')
        lines += this.names[i] + ': ' + value + '\r\n'
    }
    return lines + this.additions
  }

  /** Adds the same to a list of names with their values in turn, as HTTP/2 takes them. */
  appendTo(fields: string[]): void {
    for (const [index, name] of this.names.entries()) {
      const value = this.values[index]
      if (typeof value === 'string' && name !== 'host') fields.push(name, value)
    }
    for (const [name, value] of this.added) fields.push(name, value)
  }

  private put(name: string, value: string | null): void {
    const index = this.names.indexOf(name)
    if (index >= 0) {
      this.values[index] = value
      return
    }
    this.names.push(name)
    this.values.push(value)
    this.lengths |= 1 << (name.length & 31)
  }
}

// Policies change the same few names with every request.
const checkedNames = new Set<string>()
const CHECKED_NAMES_MAX = 1_000

function check(name: string, value: string): void {
  if (!checkedNames.has(name)) checkName(name)
  if (!isFieldValue(value)) throw new TypeError(`not a value for ${name}`)
}

function checkName(name: string): void {
  if (!isToken(name) || name !== name.toLowerCase()) throw new TypeError(`not the name of a header: ${name}`)
  if (FRAMING_NAMES.has(name)) throw new TypeError(`not a policy's header to change: ${name}`)
  if (checkedNames.size < CHECKED_NAMES_MAX) checkedNames.add(name)
}

/**
 * A head as it goes on, as text without the empty line: a start line that the caller made (null for the one that
 * came) and the fields that stay. Runs of lines that stay as they are become one slice: most heads take one or two.
 */
export function headText(head: Head, start: string | null, drops: number, edits: HeadEdits | null): string {
  const bytes = head.bytes
  const count = head.fieldCount
  const mayDrop = (head.kinds & drops) !== 0
  let text = start ?? ''
  let runStart = start === null ? head.base : -1
  for (let field = 0; field < count; field++) {
    const stays =
      !(mayDrop && ((drops >> head.kind(field)) & 1) === 1) && (edits === null || !edits.touches(head, field))
    if (stays && head.isCanonical(field)) {
      if (runStart < 0) runStart = head.lineStart(field)
      continue
    }
    if (runStart >= 0) {
      text += bytes.latin1Slice(runStart, head.lineStart(field))
      runStart = -1
    }
    if (stays) text += head.name(field) + ': ' + head.value(field) + '\r\n'
  }
  if (runStart >= 0) text += bytes.latin1Slice(runStart, head.lineStart(count))
  return edits === null ? text : text + edits.lines
}

/** The start line for a response: the version is the gateway's own (RFC 9110 §6.2). Null for the one that came. */
export function statusLine(head: Head): string | null {
  if (head.minor === 1) return null
  return `HTTP/1.1 ${head.bytes.latin1Slice(head.base + 9, head.base + head.startLineEnd)}`
}
