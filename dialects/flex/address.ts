/** A listening address taken apart. */
export interface Address {
  readonly protocol: 'http' | 'https'
  readonly listener: { readonly address: string; readonly port: number }
  /** `*` for any. */
  readonly host: string
  readonly basePath: string
}

const plainPath = /^\/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]+(?:\/[A-Za-z0-9\-._~!$&'()*+,;=:@]+)*)?$/
const schemes: Readonly<Record<string, Address['protocol']>> = { 'http:': 'http', 'https:': 'https' }
const defaultPorts = { http: 80, https: 443 } as const

/** Takes `https://0.0.0.0:8443/base` apart; a text says why it cannot. */
export function addressOf(text: string): Address | string {
  // A wildcard is no character of URLs; it is put back below.
  const url = URL.parse(text.replace('://*.', '://wildcard.'))
  if (url === null) return 'must be a URL such as http://0.0.0.0:8081/orders'
  const protocol = schemes[url.protocol]
  if (protocol === undefined) return `${url.protocol}// addresses are not supported`
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    return 'must be scheme, host, port and path alone'
  const basePath = url.pathname === '/' ? '/' : url.pathname.replace(/\/$/, '')
  if (!plainPath.test(basePath)) return `the path ${basePath} has characters that a base path must not have`
  const port = url.port === '' ? defaultPorts[protocol] : Number(url.port)
  const at = (address: string, host: string): Address => ({
    protocol,
    listener: { address, port },
    host,
    basePath,
  })
  if (url.hostname === 'localhost') return at('127.0.0.1', '*')
  if (/^[\d.]+$/.test(url.hostname) || url.hostname.startsWith('['))
    return at(url.hostname.replace(/^\[|\]$/g, ''), '*')
  return at('0.0.0.0', text.includes('://*.') ? url.hostname.replace('wildcard.', '*.') : url.hostname)
}

/** The id of the listener of an address. */
export function listenerId({ listener }: Pick<Address, 'listener'>): string {
  return `listener:${listener.address}:${listener.port}`
}

/** What is spoken with an upstream, and where. Flex writes `h2://` for HTTP/2 without TLS. */
export function upstreamAddress(text: string): { url: string; protocol: 'http1' | 'http2' } {
  return text.startsWith('h2://')
    ? { url: `http://${text.slice(5)}`, protocol: 'http2' }
    : { url: text, protocol: 'http1' }
}
