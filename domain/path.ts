/**
 * The one normal form of a path, or null where it must be refused (RFC 3986 §6.2.2). Route, policies and
 * upstream all see this form, for requests and upgrades alike:
 * - escapes of unreserved characters are decoded, other escapes get upper-case digits;
 * - `.` and `..` segments are resolved; one that leads above the root is refused;
 * - empty segments are merged, a slash at the end stays;
 * - refused are broken escapes, escaped slashes, backslashes and control characters, escapes that are not
 *   UTF-8, and dot segments with parameters (`..;x`), which some servers take for dot segments.
 */
export function normalPath(path: string): string | null {
  if (path.charCodeAt(0) !== 47) return null
  const decoded = path.includes('%') ? normalEscapes(path) : path
  if (decoded === null) return null
  return decoded.includes('/.') || decoded.includes('//') || DOT_WITH_PARAMETER.test(decoded)
    ? resolveSegments(decoded)
    : decoded
}

const DOT_WITH_PARAMETER = /\/\.{1,2};/
const ESCAPE = /%(?:[0-9a-fA-F]{2})?/g
const ESCAPE_RUN = /(?:%[0-9A-F]{2})+/g

function normalEscapes(path: string): string | null {
  let refused = false
  const decoded = path.replace(ESCAPE, (escape) => {
    const byte = escape.length === 3 ? Number.parseInt(escape.slice(1), 16) : 0
    if (byte < 0x20 || byte === 0x7f || byte === 0x2f || byte === 0x5c) refused = true
    return isUnreserved(byte) ? String.fromCharCode(byte) : escape.toUpperCase()
  })
  if (refused) return null
  for (const run of decoded.match(ESCAPE_RUN) ?? []) if (!isUtf8(run)) return null
  return decoded
}

function isUtf8(run: string): boolean {
  try {
    decodeURIComponent(run)
    return true
  } catch {
    return false
  }
}

// RFC 3986 §2.3
function isUnreserved(byte: number): boolean {
  return (
    (byte >= 48 && byte <= 57) ||
    (byte >= 65 && byte <= 90) ||
    (byte >= 97 && byte <= 122) ||
    byte === 45 ||
    byte === 46 ||
    byte === 95 ||
    byte === 126
  )
}

function resolveSegments(path: string): string | null {
  const segments = path.slice(1).split('/')
  const kept: string[] = []
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1
    if (segment.startsWith('.;') || segment.startsWith('..;')) return null
    if (segment === '..' && kept.pop() === undefined) return null
    if (segment === '.' || segment === '..' || segment === '') {
      if (isLast) kept.push('')
    } else kept.push(segment)
  }
  return `/${kept.join('/')}`
}
