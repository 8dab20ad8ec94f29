/** Origins of web pages (RFC 6454), as far as the gateway judges by them. */

const usualPort: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' }

/** Whether a page of that origin comes from the very host that it asks, whatever scheme a balancer has taken off. */
export function isSameOrigin(origin: string, host: string): boolean {
  if (!URL.canParse(origin)) return false
  const { protocol, hostname, port } = new URL(origin)
  const asked = URL.canParse(`${protocol}//${host}`) ? new URL(`${protocol}//${host}`) : undefined
  if (asked === undefined || asked.hostname !== hostname) return false
  const usual = usualPort[protocol]
  return (port || usual) === (asked.port || usual)
}
