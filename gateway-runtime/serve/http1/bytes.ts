/** Byte classes of HTTP/1.1 (RFC 9110 §5.5 and §5.6.2, RFC 3986), one table each. */

// Node has these on every Buffer and its declarations lack them. They skip the choice of an encoding, which
// for texts as short as a header takes longer than the copying.
declare global {
  interface Buffer {
    latin1Slice(start?: number, end?: number): string
    latin1Write(text: string, offset?: number, length?: number): number
  }
}

const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

export const CR = 13
export const LF = 10
export const TAB = 9
export const SP = 32
export const COLON = 58
export const SLASH = 47
export const PERCENT = 37
export const QUESTION = 63

export const TOKEN_BYTE = 1
/** An underscore: a token byte, but many servers cannot tell it from a hyphen. */
export const TOKEN_UNDERSCORE = 3

export const TARGET_BYTE = 1
/** A per cent sign, a full stop or a slash: the path may need the normaliser. */
export const TARGET_LOOK_CLOSER = 2

function tableOf(members: string): Uint8Array {
  const table = new Uint8Array(256)
  for (let i = 0; i < members.length; i++) table[members.charCodeAt(i)] = 1
  return table
}

export const TOKEN: Uint8Array = tableOf(`${ALPHANUMERIC}!#$%&'*+-.^_\`|~`)
TOKEN[0x5f] = TOKEN_UNDERSCORE

export const FIELD_VALUE: Uint8Array = new Uint8Array(256).map((_, byte) =>
  (byte >= 0x20 && byte !== 0x7f) || byte === TAB ? 1 : 0,
)

export const TARGET: Uint8Array = tableOf(`${ALPHANUMERIC}-_~!$&'()*+,;=:@?[]|{}^`)
TARGET[PERCENT] = TARGET_LOOK_CLOSER
TARGET[0x2e] = TARGET_LOOK_CLOSER
TARGET[SLASH] = TARGET_LOOK_CLOSER

export const HOST_NAME: Uint8Array = tableOf(`${ALPHANUMERIC}-._`)

const HEX: Int8Array = new Int8Array(256).fill(-1)
for (let i = 0; i < 10; i++) HEX[48 + i] = i
for (let i = 0; i < 6; i++) {
  HEX[65 + i] = 10 + i
  HEX[97 + i] = 10 + i
}

// Where the checked index is set aside: a `?? 0` in the loops over every byte costs, and would hide a bound that
// was forgotten. Each kind of array has a function of its own, since one for all would look at the kind each time.

/** The byte at an index that the caller knows to lie inside the bytes. */
export function at(bytes: Buffer, index: number): number {
  return bytes[index] as number
}

/** What a table says of a byte. */
export function classOf(table: Uint8Array, byte: number): number {
  return table[byte] as number
}

/** The value of a hexadecimal digit, or -1. */
export function hexValue(byte: number): number {
  return HEX[byte] as number
}

/** The word at an index that the caller knows to lie inside the words. */
export function wordAt(words: Uint16Array, index: number): number {
  return words[index] as number
}

/** Whether bytes from `start` spell a lower-case word in any case. The word has a to z and hyphens only. */
export function spells(bytes: Buffer, start: number, word: string): boolean {
  for (let i = 0; i < word.length; i++) {
    if ((at(bytes, start + i) | 0x20) !== word.charCodeAt(i)) return false
  }
  return true
}

/** Whether a token from `start` equals a lower-case token in any case, whatever characters it has. */
export function equalsToken(bytes: Buffer, start: number, lower: string): boolean {
  for (let i = 0; i < lower.length; i++) {
    let byte = at(bytes, start + i)
    if (byte >= 65 && byte <= 90) byte |= 0x20
    if (byte !== lower.charCodeAt(i)) return false
  }
  return true
}

/** Whether bytes from `start` to `end` are exactly this text. */
export function equalsText(bytes: Buffer, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false
  for (let i = 0; i < text.length; i++) if (at(bytes, start + i) !== text.charCodeAt(i)) return false
  return true
}

/** Whether a text may be the name of a header (RFC 9110 §5.1). */
export function isToken(text: string): boolean {
  if (text === '') return false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 255 || classOf(TOKEN, code) === 0) return false
  }
  return true
}

/** Whether a text may be the value of a header and fits Latin-1. */
export function isFieldValue(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 255 || classOf(FIELD_VALUE, code) === 0) return false
  }
  return true
}

/** Whether every character of a text may stand in the target of a request. */
export function isTarget(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 255 || classOf(TARGET, code) === 0) return false
  }
  return text !== ''
}

/** Whether a text may be the query of a target, with its question mark. */
export function isQuery(text: string): boolean {
  return text.charCodeAt(0) === QUESTION && isTarget(text)
}
