/** Kinds of address, so that a document or an upstream cannot be used to reach what it should not. */
export type AddressKind =
  | 'public'
  | 'private'
  | 'loopback'
  | 'link-local'
  | 'metadata'
  | 'unspecified'
  | 'multicast'
  | 'name'

// What the clouds serve credentials from. Some are link-local or private too, but deserve their own word in a refusal.
const metadataHosts = new Set([
  '169.254.169.254',
  '169.254.170.2',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  'fd00:ec2::254',
  'fd20:ce::254',
  'metadata',
  'metadata.google.internal',
])

/** Says what kind of address a host is. Takes a host as `URL` prints it, or a bare IP address. */
export function addressKind(host: string): AddressKind {
  const bare = canonical(host)
  if (metadataHosts.has(bare)) return 'metadata'
  if (bare === 'localhost' || bare.endsWith('.localhost')) return 'loopback'
  if (/^\d+\.\d+\.\d+\.\d+$/.test(bare)) return kindOfIPv4(bare)
  if (bare.includes(':')) return kindOfIPv6(bare)
  return 'name'
}

/** Says why no upstream can be at such a URL; null when one can. */
export function upstreamUrlFault(url: string): string | null {
  const parsed = URL.parse(url)
  if (!parsed) return `${url} is not a URL`
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')
    return 'only http:// and https:// upstreams can be served'
  if (parsed.username || parsed.password) return 'a URL must not carry a user name or password'
  if (parsed.search || parsed.hash) return 'the URL of an upstream must not hold a query or a fragment'
  return parsed.port === '0' ? 'port 0 is no port to connect to' : null
}

/** Says why an upstream must not stand at this URL; null when it may. `allowLoopback` is for one-machine set-ups. */
export function upstreamRefusal(url: string, allow: { loopback: boolean }): string | null {
  const fault = upstreamUrlFault(url)
  if (fault !== null) return fault
  const parsed = new URL(url)
  const kind = addressKind(parsed.hostname)
  switch (kind) {
    case 'public':
    case 'private':
    case 'name':
      return null
    case 'loopback':
      return allow.loopback ? null : `${parsed.hostname} is the gateway's own machine`
    case 'metadata':
      return `${parsed.hostname} serves a cloud's credentials`
    case 'link-local':
    case 'unspecified':
    case 'multicast':
      return `${parsed.hostname} is a ${kind} address`
  }
}

/** Whether an address is in a range such as 10.0.0.0/8 (RFC 4632, RFC 4291). IPv4 and IPv6 do not mix. */
export function addressIn(address: string, range: string): boolean {
  const [start = '', length] = range.split('/')
  const [wanted, first] = [bitsOf(address), bitsOf(start)]
  if (wanted === null || first === null || wanted.length !== first.length) return false
  return wanted.startsWith(first.slice(0, length === undefined ? first.length : Number(length)))
}

function bitsOf(text: string): string | null {
  const bare = canonical(text)
  const isIPv4 = /^\d+\.\d+\.\d+\.\d+$/.test(bare)
  const parts = isIPv4 ? bare.split('.').map(Number) : bare.includes(':') ? expand(bare) : null
  return parts && parts.map((part) => part.toString(2).padStart(isIPv4 ? 8 : 16, '0')).join('')
}

// The URL parser turns every spelling of an address (decimal, octal, hex, IPv6 with zeros) into one.
function canonical(host: string): string {
  const lower = host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/%.*$/, '')
    .replace(/\.$/, '')
  const parsed = URL.parse(lower.includes(':') ? `http://[${lower}]` : `http://${lower}`)
  return parsed ? parsed.hostname.replace(/^\[|\]$/g, '') : lower
}

function kindOfIPv4(address: string): AddressKind {
  const [a = 0, b = 0, c = 0] = address.split('.').map(Number)
  if (metadataHosts.has(address)) return 'metadata'
  if (a === 0 || address === '255.255.255.255') return 'unspecified'
  if (a === 127) return 'loopback'
  if (a === 169 && b === 254) return 'link-local'
  if (a >= 224) return 'multicast'
  if (a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168)) return 'private'
  // Carrier-grade NAT, protocol assignments, benchmarking.
  if ((a === 100 && b >= 64 && b < 128) || (a === 192 && b === 0 && c === 0)) return 'private'
  if (a === 198 && (b === 18 || b === 19)) return 'private'
  return 'public'
}

function kindOfIPv6(address: string): AddressKind {
  const words = expand(address)
  if (!words) return 'unspecified'
  const [first = 0, second = 0] = words
  const inside = embeddedIPv4(words)
  if (inside) return kindOfIPv4(inside)
  if (words.every((word) => word === 0)) return 'unspecified'
  if (words.slice(0, 7).every((word) => word === 0) && words[7] === 1) return 'loopback'
  if ((first & 0xffc0) === 0xfe80) return 'link-local'
  if ((first & 0xfe00) === 0xfc00 || (first & 0xffc0) === 0xfec0) return 'private'
  if ((first & 0xff00) === 0xff00) return 'multicast'
  // Teredo hides an address by inversion; nothing that is meant to be reached stands there.
  if (first === 0x2001 && second === 0) return 'unspecified'
  return 'public'
}

/** The IPv4 address inside a mapped, compatible, translated (NAT64) or 6to4 address. */
function embeddedIPv4(words: readonly number[]): string | null {
  const zeros = (from: number, to: number) => words.slice(from, to).every((word) => word === 0)
  const dotted = (high = 0, low = 0) => [high >> 8, high & 255, low >> 8, low & 255].join('.')
  if (zeros(0, 5) && words[5] === 0xffff) return dotted(words[6], words[7])
  if (zeros(0, 4) && words[4] === 0xffff && words[5] === 0) return dotted(words[6], words[7])
  if (zeros(0, 6) && words[6] !== 0) return dotted(words[6], words[7])
  if (words[0] === 0x64 && words[1] === 0xff9b && zeros(2, 6)) return dotted(words[6], words[7])
  if (words[0] === 0x2002) return dotted(words[1], words[2])
  return null
}

function expand(address: string): number[] | null {
  const [head = '', tail] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const missing = tail === undefined ? 0 : 8 - left.length - right.length
  if (missing < 0) return null
  const words = [...left, ...Array.from({ length: missing }, () => '0'), ...right].map((word) =>
    Number.parseInt(word, 16),
  )
  return words.length === 8 && words.every((word) => word >= 0 && word <= 0xffff) ? words : null
}
