/** A JSON pointer (RFC 6901) made of its parts. */
export function pointerOf(...parts: readonly PropertyKey[]): string {
  return parts.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
