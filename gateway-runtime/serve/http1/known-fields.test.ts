import { describe, expect, it } from 'vitest'
import { Chance, requestSeeds, spoil } from '../fuzz/inputs.ts'
import { defaultLimits } from '../limits.ts'
import { Head, REFUSED } from './head.ts'
import { KnownFields } from './known-fields.ts'

const token = 'a'.repeat(300)
const fields = (...lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`
const usual = fields('Host: a:80', `Authorization: Bearer ${token}`, 'X-Request-Id: 1', 'Accept: */*')

const flags = [
  'close',
  'keepAlive',
  'upgradeNamed',
  'expectContinue',
  'chunked',
  'contentLength',
  'kinds',
] as const
const places = ['hostField', 'upgradeField', 'upgradeFields', 'requestIdField', 'forwardedForField'] as const

/** Everything that a head says, or why it was refused. */
function read(head: Head, text: string) {
  const bytes = Buffer.from(text, 'latin1')
  const next = head.parse(bytes, 0, bytes.length)
  if (next === REFUSED) return { fault: head.fault }
  if (next === 0) return { next }
  const lines = Array.from({ length: head.fieldCount }, (_, field) => [
    head.name(field),
    head.value(field),
    head.value(field),
    head.kind(field),
    head.isCanonical(field),
    head.lineStart(field),
  ])
  const facts = [...flags, ...places].map((name) => head[name])
  const line = [head.method, head.target, head.minor, head.needsNormalising]
  return { next, lines, facts, line, end: head.lineStart(head.fieldCount) }
}

const fresh = (text: string) => read(new Head(false, defaultLimits), text)
const remembering = () => new Head(false, defaultLimits, new KnownFields())

/** What is read of the last request on a connection that sent the others before it. */
function readLast(texts: readonly string[]) {
  const head = remembering()
  let last = {}
  for (const text of texts) {
    head.reset()
    last = read(head, text)
  }
  return last
}

/** Whether lines are known when they come again. */
function knows(known: KnownFields, bytes: Buffer): boolean {
  known.keep(bytes, 0, bytes.length)
  return known.lengthAgain(bytes, 0, bytes.length) === bytes.length
}

const blocks = {
  usual,
  'that nominate': fields('Host: a', `X-A: ${token}`, 'Connection: x-a, close'),
  'with an expectation': fields('Host: a', `X-A: ${token}`, 'Content-Length: 3', 'Expect: 100-continue'),
  'that upgrade': fields('Host: a', `X-A: ${token}`, 'Connection: Upgrade', 'Upgrade: websocket'),
  'with a coding': fields('Host: a', `X-A:   ${token}`, 'Transfer-Encoding: chunked'),
  'with a name twice': fields('Host: a', `Cookie: ${token}`, 'Cookie: b', 'X_A: 1'),
}

describe('fields that come again on a connection', () => {
  for (const [name, block] of Object.entries(blocks)) {
    it(`are read as if they came for the first time: fields ${name}`, () => {
      const lines = [
        'GET /a HTTP/1.1',
        'POST /longer/path?q=1 HTTP/1.1',
        'GET /a HTTP/1.0',
        '\r\nPUT /%41 HTTP/1.1',
      ]
      for (const first of lines)
        for (const second of lines) {
          const [one, two] = [`${first}\r\n${block}`, `${second}\r\n${block}`]
          expect(readLast([one, two])).toEqual(fresh(two))
          expect(readLast([one, two, one, two])).toEqual(fresh(two))
        }
    })
  }

  it('keep nothing of what came before where they differ', () => {
    const full = `POST /a HTTP/1.1\r\n${blocks['that upgrade']}`
    const other = `POST /a HTTP/1.1\r\n${usual}`
    const short = 'GET /a HTTP/1.1\r\nHost: b\r\n\r\n'
    expect(readLast([full, other])).toEqual(fresh(other))
    expect(readLast([full, full, short])).toEqual(fresh(short))
    expect(readLast([full, full, other, full])).toEqual(fresh(full))
  })

  it('are not taken for those of a request that ends before they do', () => {
    const head = remembering()
    const text = `GET /a HTTP/1.1\r\n${usual}`
    read(head, text)
    for (let length = 1; length < text.length; length++) {
      head.reset()
      expect(read(head, text.slice(0, length))).toEqual({ next: 0 })
      expect(read(head, text)).toEqual(fresh(text))
    }
  })

  it('are copied, so that bytes that change later change nothing', () => {
    const head = remembering()
    const bytes = Buffer.from(`GET /a HTTP/1.1\r\n${usual}`, 'latin1')
    head.parse(bytes, 0, bytes.length)
    bytes.fill(0x78, 17 + 12, bytes.length - 4)
    head.reset()
    const other = `GET /a HTTP/1.1\r\n${bytes.latin1Slice(17)}`
    expect(read(head, other)).toEqual(fresh(other))
  })

  it('are recognised by their bytes', () => {
    const known = new KnownFields()
    const bytes = Buffer.from(usual, 'latin1')
    expect(knows(known, bytes)).toBe(true)
    bytes[40] = 0x62
    expect(known.lengthAgain(bytes, 0, bytes.length)).toBe(0)
  })

  it('are given up for a connection whose fields are new each time, and never kept where they are long', () => {
    const known = new KnownFields()
    const block = (n: number) => Buffer.from(fields('Host: a', `X-A: ${token}`, `X-N: ${n}`), 'latin1')
    const kept = []
    for (let n = 1; n <= 6; n++) {
      known.keep(block(n), 0, block(n).length)
      kept.push(known.lengthAgain(block(n + 1), 0, block(n).length))
    }
    expect(kept).toEqual([0, 0, 0, 0, 0, 0])
    expect(knows(known, block(7))).toBe(false)
    const long = Buffer.from(fields('Host: a', `X-A: ${'a'.repeat(5_000)}`), 'latin1')
    expect(knows(new KnownFields(), long)).toBe(false)
  })

  it('are told from spoiled ones, whatever is spoiled', () => {
    const chance = new Chance(7)
    const texts = [...Object.values(blocks).map((block) => `GET /a HTTP/1.1\r\n${block}`), ...requestSeeds]
    for (let i = 0; i < 20_000; i++) {
      const first = chance.pick(texts)
      const second = spoil(first, texts, chance)
      expect(readLast([first, second]), JSON.stringify([first, second])).toEqual(fresh(second))
    }
  })
})
