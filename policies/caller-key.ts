import type { HashOn } from '#domain/routing.ts'
import { claimAt, claimText } from './claims.ts'
import type { Exchange } from './exchange.ts'

/** What a caller always has and others have not; undefined where nothing says who is calling. */
export type CallerKey = (
  exchange: Pick<Exchange, 'header' | 'headerValues' | 'claims' | 'remoteAddress'>,
) => string | undefined

export function callerKeyOf({ by, name = '' }: HashOn): CallerKey {
  switch (by) {
    case 'address':
      return ({ remoteAddress }) => remoteAddress
    case 'header': {
      const lower = name.toLowerCase()
      return (exchange) => exchange.header(lower)
    }
    case 'cookie':
      return (exchange) => cookieOf(exchange, name)
    case 'claim':
      return ({ claims }) => claimText(claimAt(claims, name))
  }
}

/** The value of a cookie, decoded; undefined without it. */
export function cookieOf(exchange: Pick<Exchange, 'headerValues'>, name: string): string | undefined {
  const start = `${name}=`
  for (const pair of exchange.headerValues('cookie').flatMap((value) => value.split(';'))) {
    const text = pair.trim()
    if (!text.startsWith(start)) continue
    try {
      return decodeURIComponent(text.slice(start.length))
    } catch {
      return undefined
    }
  }
  return undefined
}
