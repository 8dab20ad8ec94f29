import { createRequire } from 'node:module'

// Node's own parser is not public: run with --expose-internals.

interface Parser {
  [callback: number]: (...values: never[]) => unknown
  initialize(kind: number, resource: object, headerBytesMax: number, lenient: number): void
  execute(bytes: Buffer): number | Error
  close(): void
}
interface Binding {
  HTTPParser: { new (): Parser } & Record<string, number>
  allMethods: string[]
}

const binding: Binding = createRequire(import.meta.url)('internal/test/binding').internalBinding(
  'http_parser',
)
const { HTTPParser, allMethods } = binding

export interface Message {
  /** Method and target, or the status. */
  line: string
  /** Names and values in turn. */
  headers: string[]
  body: string
}

export interface Reading {
  readonly messages: Message[]
  readonly state: string
}

const HEADER_BYTES_MAX = 1 << 20
const STRICT = 0

export interface LlhttpReading extends Reading {
  /** Heads that were complete, whether or not their bodies were. */
  readonly heads: number
}

/** What Node's llhttp, strict, makes of these bytes. */
export function readByLlhttp(isResponse: boolean, bytes: Buffer): LlhttpReading {
  const parser = new HTTPParser()
  const messages: Message[] = []
  let current: Message = { line: '', headers: [], body: '' }
  let pendingHeaders: string[] = []
  let pendingUrl = ''
  let upgraded = false
  let heads = 0
  const on = (name: string, callback: (...values: never[]) => unknown) => {
    parser[HTTPParser[name] ?? -1] = callback
  }
  parser.initialize(isResponse ? kind('RESPONSE') : kind('REQUEST'), {}, HEADER_BYTES_MAX, STRICT)
  on('kOnHeaders', (headers: string[], url: string) => {
    pendingHeaders.push(...headers)
    pendingUrl += url
  })
  on(
    'kOnHeadersComplete',
    (
      _major: number,
      _minor: number,
      headers: string[] | undefined,
      method: number,
      url: string | undefined,
      status: number,
      _reason: string,
      upgrade: boolean,
    ) => {
      const line = isResponse ? String(status) : `${allMethods[method]} ${url || pendingUrl}`
      current = { line, headers: [...(headers ?? pendingHeaders)], body: '' }
      pendingHeaders = []
      pendingUrl = ''
      if (upgrade) upgraded = true
      heads++
      return 0
    },
  )
  on('kOnBody', (body: Buffer) => {
    current.body += body.toString('latin1')
  })
  on('kOnMessageComplete', () => {
    pendingHeaders = []
    pendingUrl = ''
    messages.push(current)
    current = { line: '', headers: [], body: '' }
  })
  const result = parser.execute(bytes)
  parser.close()
  const state = result instanceof Error ? `error ${result.message}` : upgraded ? 'upgrade' : 'ok'
  return { messages, state, heads }
}

function kind(name: string): number {
  const value = HTTPParser[name]
  if (value === undefined) throw new Error(`this Node's parser has no ${name}`)
  return value
}
