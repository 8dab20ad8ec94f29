import type { Exchange } from '../exchange.ts'

/** Who a request is from, as far as anything in it or about it tells callers apart; undefined for nobody. */
export function identityOf(exchange: Exchange, withCookies: boolean): string | undefined {
  const { client, claims, tls } = exchange
  const known = [
    exchange.headerValues('authorization'),
    exchange.headerValues('proxy-authorization'),
    withCookies ? exchange.headerValues('cookie') : [],
    client?.id ?? [],
    claims ?? [],
    tls?.peer?.sha256 ?? [],
  ]
  return known.every((part) => Array.isArray(part) && part.length === 0) ? undefined : JSON.stringify(known)
}
