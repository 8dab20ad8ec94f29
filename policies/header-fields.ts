/** What a header may be called and hold (RFC 9110), and which headers belong to the gateway itself. */

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const fieldValue = /^[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?$/

export function isToken(text: string): boolean {
  return token.test(text)
}

/** Visible ASCII with spaces and tabs inside; never empty, never CR, LF or NUL. */
export function isFieldValue(text: string): boolean {
  return fieldValue.test(text)
}

const ofTheConnection = new Set([
  'connection',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
])
const ofTheFraming = new Set(['content-length', 'transfer-encoding'])
const ofTheGateway = new Set(['forwarded', 'x-request-id'])

/** Says why a configuration must not touch a header, or undefined when it may. */
export function reservedHeader(name: string): string | undefined {
  const lower = name.toLowerCase()
  if (ofTheConnection.has(lower)) return `${name} belongs to one connection and cannot be set`
  if (ofTheFraming.has(lower)) return `${name} says where a message ends and cannot be set`
  if (ofTheGateway.has(lower) || lower.startsWith('x-forwarded-')) return `${name} is written by the gateway`
  return undefined
}
