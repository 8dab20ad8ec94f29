import { lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { Agent, request } from 'undici'
import { type AddressKind, addressKind } from '#domain/address.ts'
import { Problem } from '#domain/problem.ts'
import { decodeText } from '#domain/text-encoding.ts'

export interface FetchRules {
  /** Loopback and private addresses may be read too. What serves credentials never may. */
  allowPrivate: boolean
  deadlineMs?: number
  bytesMax?: number
}

const redirectsMax = 3

/** Fetches a document that a user named. Every address on the way, redirects too, is checked as it is dialled. */
export async function fetchDocument(address: string, rules: FetchRules): Promise<string> {
  const signal = AbortSignal.timeout(rules.deadlineMs ?? 15_000)
  const dispatcher = new Agent({
    connect: { lookup: guardedLookup(rules), timeout: 5_000 },
    maxHeaderSize: 32_768,
    headersTimeout: 10_000,
    bodyTimeout: 10_000,
  })
  try {
    let url = admit(address, rules)
    for (let redirects = 0; ; redirects++) {
      const answer = await ask(url, dispatcher, signal, rules.bytesMax ?? 50_000_000)
      if ('text' in answer) return answer.text
      if (redirects === redirectsMax) throw unreachable(`It redirects more than ${redirectsMax} times.`)
      url = admit(new URL(answer.location, url).href, rules)
    }
  } catch (error) {
    throw error instanceof Problem ? error : unreachable(inWords(error))
  } finally {
    await dispatcher.destroy()
  }
}

function unreachable(detail: string): Problem {
  return new Problem('api.definition-unreachable', detail, { faults: [{ pointer: '/source/url', detail }] })
}

function admit(address: string, rules: FetchRules): URL {
  const url = URL.parse(address)
  if (!url) throw unreachable(`“${address.slice(0, 200)}” is not an address.`)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw unreachable(`Only http and https addresses are fetched, not ${url.protocol.slice(0, 40)}`)
  }
  if (url.username || url.password) throw unreachable('The address must not carry a user name or password.')
  const refusal = refusalOf(url.hostname, addressKind(url.hostname), rules)
  if (refusal) throw unreachable(refusal)
  return url
}

function refusalOf(host: string, kind: AddressKind, rules: FetchRules): string | null {
  switch (kind) {
    case 'public':
    case 'name':
      return null
    case 'private':
    case 'loopback':
      return rules.allowPrivate ? null : `${host} is a ${kind} address, which the portal does not read from.`
    case 'metadata':
    case 'link-local':
    case 'unspecified':
    case 'multicast':
      return `${host} is a ${kind} address, which the portal does not read from.`
  }
}

class RefusedAddress extends Error {}

// The check belongs here and not before: a name may resolve to something else by the time it is dialled.
function guardedLookup(rules: FetchRules): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '')
      for (const { address } of addresses) {
        const refusal = refusalOf(hostname, addressKind(address), rules)
        if (refusal) return callback(new RefusedAddress(refusal), '')
      }
      const [first] = addresses
      if (!first) return callback(new Error(`${hostname} has no address`), '')
      if (options.all) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }
}

async function ask(
  url: URL,
  dispatcher: Agent,
  signal: AbortSignal,
  bytesMax: number,
): Promise<{ text: string } | { location: string }> {
  const headers = {
    accept: 'application/json, application/yaml, text/yaml, */*;q=0.1',
    'user-agent': 'Hexgate',
  }
  const { statusCode, headers: answered, body } = await request(url, { dispatcher, signal, headers })
  // Errors of a body that nobody reads any more.
  body.on('error', () => {})
  if (statusCode >= 300 && statusCode < 400 && typeof answered['location'] === 'string') {
    body.destroy()
    return { location: answered['location'] }
  }
  if (statusCode !== 200) throw unreachable(`${url.host} answered ${statusCode}.`)
  const encoding = answered['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') throw unreachable('It comes compressed although that was not asked for.')
  const bytes = await readBounded(body, bytesMax)
  const text = decodeText(bytes)
  if (text === null) throw unreachable('It is text neither in UTF-8 nor in UTF-16.')
  return { text }
}

async function readBounded(body: AsyncIterable<Buffer>, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.length
    if (length > bytesMax) throw unreachable(`It is larger than ${bytesMax.toLocaleString('en')} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function inWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof RefusedAddress) return error.message
  if (error.name === 'TimeoutError') return 'It takes too long to answer.'
  const code = 'code' in error ? String(error.code) : ''
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'That host name is not known.'
  if (code === 'ECONNREFUSED') return 'Nobody listens at that address.'
  if (code.startsWith('UND_ERR') && code.includes('TIMEOUT')) return 'It takes too long to answer.'
  return `It cannot be read: ${error.message || code}`
}
