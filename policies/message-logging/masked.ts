import type { Exchange } from '../exchange.ts'

/** What stands in a message in the place of a secret. */
export const hiddenText = '***'

const secretHeaders = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'www-authenticate',
])
const secretName =
  /(?:^|[-_.])(?:api-?_?key|apikey|access-?_?key|key|token|secret|client-?_?secret|password|passwd|pwd|credentials?|signature|sig|code|assertion|session(?:-?_?id)?|sid|jwt|auth)(?:$|[-_.])/i

function isSecret(name: string): boolean {
  return secretHeaders.has(name.toLowerCase()) || secretName.test(name.replace(/([a-z])([A-Z])/g, '$1-$2'))
}

function decodedName(pair: string): string {
  const name = pair.split('=', 1)[0] ?? ''
  try {
    return decodeURIComponent(name.replaceAll('+', ' '))
  } catch {
    return name
  }
}

/** A query whose secret parameters have no value any more. */
export function maskedQuery(query: string): string {
  if (query.length < 2) return query
  const pairs = query
    .slice(1)
    .split('&')
    .map((pair) => (isSecret(decodedName(pair)) ? `${pair.split('=', 1)[0] ?? ''}=${hiddenText}` : pair))
  return `?${pairs.join('&')}`
}

/**
 * An exchange as messages may show it: credentials, cookies and keys are masked. `ofAnswer` makes `attributes.headers`
 * those of the answer.
 */
export function maskedView(exchange: Exchange, ofAnswer: boolean): Exchange {
  const valuesOf = (name: string): readonly string[] => {
    const values = ofAnswer ? exchange.responseHeaderValues(name) : exchange.headerValues(name)
    return isSecret(name) ? values.map(() => hiddenText) : values
  }
  const query = maskedQuery(exchange.query)
  // Everything else is the exchange's own, by inheritance.
  return Object.create(exchange, {
    query: { value: query },
    header: { value: (name: string) => valuesOf(name)[0] },
    headerValues: { value: valuesOf },
    headerNames: { value: () => (ofAnswer ? exchange.responseHeaderNames() : exchange.headerNames()) },
  }) as Exchange
}
