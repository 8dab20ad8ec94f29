import { claimAt } from './claims.ts'
import type { Exchange } from './exchange.ts'
import { isToken } from './header-fields.ts'
import { queryNames, queryValues } from './query.ts'

/** What a formula comes to: a value of JSON, or undefined for nothing. */
export type Value =
  | string
  | number
  | boolean
  | undefined
  | readonly Value[]
  | { readonly [name: string]: Value }

/** Reads a value of an exchange; the method may be another than the request's, as a key of GET is for HEAD. */
export type Formula = (exchange: Exchange, method?: string) => Value

/** Something that a formula may name, and what stands below it. */
export interface Place {
  readonly read: Formula
  /** It stands for all that is below it. */
  readonly isMany?: boolean
  /** Undefined where nothing stands below. */
  readonly member?: (name: string) => Place
  /** Every value where there may be several, so that a second credential cannot hide behind the first. */
  readonly all?: (exchange: Exchange) => readonly string[]
}

interface Group extends Place {
  readonly member: (name: string) => Place
}

/** A fixed list of names. */
function group(path: string, members: Readonly<Record<string, Place>>): Group {
  const entries = Object.entries(members)
  return {
    isMany: true,
    read: (exchange, method) =>
      Object.fromEntries(entries.map(([name, place]) => [name, place.read(exchange, method)])),
    member(name) {
      const place = Object.hasOwn(members, name) ? members[name] : undefined
      if (place === undefined)
        throw new Error(`${path}.${name} is not known here, only ${Object.keys(members).join(', ')}`)
      return place
    },
  }
}

const leaf = (read: Formula): Place => ({ read })

const headers: Place = {
  isMany: true,
  read: (exchange) =>
    Object.fromEntries(exchange.headerNames().map((name) => [name, exchange.headerValues(name).join(', ')])),
  member(name) {
    if (!isToken(name)) throw new Error(`${name} is not a header name`)
    const lower = name.toLowerCase()
    return {
      read: (exchange) => exchange.header(lower),
      all: (exchange) => exchange.headerValues(lower),
    }
  },
}

const queryParams: Place = {
  isMany: true,
  read: ({ query }) =>
    Object.fromEntries(queryNames(query).map((name) => [name, queryValues(query, name)[0] ?? ''])),
  member: (name) => ({
    read: ({ query }) => queryValues(query, name)[0],
    all: ({ query }) => queryValues(query, name),
  }),
}

/** Claims are JSON that was parsed, and nobody changes it. */
const valueOf = (claim: unknown) => (claim === null ? undefined : claim) as Value

function claims(path: readonly string[]): Place {
  const name = path.join('.')
  return {
    isMany: path.length === 0,
    read: (exchange) => valueOf(path.length === 0 ? exchange.claims : claimAt(exchange.claims, name)),
    member: (step) => claims([...path, step]),
  }
}

const ofRequest = {
  method: leaf((exchange, method) => method ?? exchange.method),
  requestPath: leaf((exchange) => exchange.path),
  requestUri: leaf((exchange) => exchange.path + exchange.query),
  queryString: leaf((exchange) => exchange.query.slice(1)),
  host: leaf((exchange) => exchange.host),
  scheme: leaf((exchange) => (exchange.secure ? 'https' : 'http')),
  version: leaf((exchange) => `HTTP/${exchange.httpVersion}`),
  remoteAddress: leaf((exchange) => exchange.remoteAddress),
  headers,
  queryParams,
}
const statusCode = leaf((exchange) => exchange.status)
const clientName = leaf((exchange) => exchange.client?.name)

const authentication = group('authentication', {
  clientId: leaf((exchange) => exchange.client?.id),
  clientName,
  // Whoever gave a name and a password is a client of that name.
  principal: clientName,
  claims: claims([]),
  properties: group('authentication.properties', {
    claims: claims([]),
    slaId: leaf((exchange) => exchange.client?.tier?.name),
  }),
})
const vars = group('vars', { claimSet: claims([]) })

const withTheAnswer = group('attributes', { ...ofRequest, statusCode })
const known = group('attributes', ofRequest)
const beforeTheAnswer: Group = {
  ...known,
  member(name) {
    if (name === 'statusCode') throw new Error('attributes.statusCode is not known before the answer')
    return known.member(name)
  },
}

/** What a formula begins with; the status is known with the answer alone. */
export function rootOf(name: string, ofResponse: boolean): Place | undefined {
  if (name === 'authentication') return authentication
  if (name === 'vars') return vars
  if (name !== 'attributes') return undefined
  return ofResponse ? withTheAnswer : beforeTheAnswer
}
