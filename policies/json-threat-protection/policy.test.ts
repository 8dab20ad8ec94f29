import { describe, expect, it } from 'vitest'
import { ExchangeInMemory, portsInMemory } from '../exchange-in-memory.ts'
import { jsonThreatProtection } from './policy.ts'
import { jsonFault } from './scan.ts'

const noBounds = {
  maxContainerDepth: -1,
  maxObjectEntryCount: -1,
  maxObjectEntryNameLength: -1,
  maxArrayElementCount: -1,
  maxStringValueLength: -1,
}
const faultOf = (text: string | Uint8Array, bounds: object = {}) =>
  jsonFault(typeof text === 'string' ? new TextEncoder().encode(text) : text, { ...noBounds, ...bounds })

async function ask(body: string, config: object = {}, headers: Record<string, string | string[]> = {}) {
  const parsed = jsonThreatProtection.config.parse(config)
  const { requestBody } = jsonThreatProtection.prepare(parsed, portsInMemory())
  const exchange = new ExchangeInMemory({ headers: { 'content-type': 'application/json', ...headers } })
  if (requestBody?.wants?.(exchange) === false) return 'not wanted'
  return requestBody?.run(exchange, new TextEncoder().encode(body))
}

describe('the scan', () => {
  it.each([
    '{}',
    '[]',
    ' [ 1 , -0.5e+10 , 0 , 12E-3 , true , false , null , "" ] ',
    '{"a":{"b":[{"c":"d"}]},"e":"\\u00e9\\"\\\\\\/\\b\\f\\n\\r\\t"}',
    '"text"',
    '0',
    'null',
    '{"a":1,"a":2}',
    '"\u{1f600} é"',
  ])('takes %s as JSON.parse does', (text) => {
    expect(() => JSON.parse(text) as unknown).not.toThrow()
    expect(faultOf(text)).toBeUndefined()
  })

  it.each([
    '',
    ' ',
    '{',
    '[1,]',
    '[,1]',
    '[1 2]',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '{a:1}',
    "{'a':1}",
    '{"a":1}}',
    '[1]]',
    '[}',
    '{]',
    '01',
    '-',
    '1.',
    '.5',
    '+1',
    '1e',
    '1e+',
    'NaN',
    'Infinity',
    'tru',
    'True',
    'truefalse',
    '"a',
    '"\t"',
    '"\n"',
    '"\\x"',
    '"\\u12g4"',
    '"\\u12',
    '"a" "b"',
    '\ufeff{}',
    '// comment\n{}',
    '\u00a0{}',
  ])('does not take %j, as JSON.parse does not', (text) => {
    expect(() => JSON.parse(text) as unknown).toThrow()
    expect(faultOf(text)).toBe('syntax')
  })

  it('agrees with JSON.parse on texts that were changed at random', () => {
    const alphabet = '{}[],:"\\ 01.eE+-tfnulx\u00e9\n'
    let seed = 42
    const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below
    for (let i = 0; i < 20_000; i++) {
      const letters = Array.from('{"a":[1,-2.5e3,"x\\u0041",true,null,{}],"b":{"c":""}}')
      for (let n = random(4); n >= 0; n--)
        letters.splice(random(letters.length), random(2), alphabet[random(alphabet.length)] ?? '')
      const text = letters.join('')
      let parses = true
      try {
        JSON.parse(text)
      } catch {
        parses = false
      }
      expect([text, faultOf(text) === undefined]).toEqual([text, parses])
    }
  })

  it('does not take bytes that are not UTF-8', () =>
    expect(faultOf(Uint8Array.from([0x22, 0xc3, 0x28, 0x22]))).toBe('syntax'))

  it.each([
    ['depth', { maxContainerDepth: 2 }, '[[1]]', '[[[]]]'],
    ['object_entries', { maxObjectEntryCount: 2 }, '[{"a":1,"b":2},{"c":1}]', '{"a":1,"b":2,"c":3}'],
    ['entry_name_length', { maxObjectEntryNameLength: 3 }, '{"\\u00e9\u{1f600}c":"long text"}', '{"abcd":1}'],
    ['array_elements', { maxArrayElementCount: 2 }, '[[1,2],[3]]', '[1,[],{}]'],
    ['string_length', { maxStringValueLength: 3 }, '{"long name":"a\\nb"}', '["abcd"]'],
  ])('bounds %s, what lies on the bound included', (fault, bounds, good, bad) => {
    expect(faultOf(good, bounds)).toBeUndefined()
    expect(faultOf(bad, bounds)).toBe(fault)
    expect(faultOf(bad)).toBeUndefined()
  })

  it('survives a million open brackets', () => {
    expect(faultOf('['.repeat(1_000_000))).toBe('depth')
    expect(faultOf('{"a":'.repeat(1_000_000))).toBe('depth')
  })
})

describe('json-threat-protection', () => {
  it.each([
    ['[1', 'syntax'],
    ['['.repeat(40), 'depth'],
    [`{"${'a'.repeat(257)}":1}`, 'entry_name_length'],
    [JSON.stringify(Array.from({ length: 10_001 }, () => 0)), 'array_elements'],
    [JSON.stringify({ a: 'x'.repeat(65_537) }), 'string_length'],
  ])('answers 400 and says which bound', async (body, fault) =>
    expect(await ask(body)).toMatchObject({ status: 400, code: `json-threat-protection.${fault}` }),
  )

  it('lets a good body and no body pass', async () => {
    expect(await ask('{"a":[1,2,3]}')).toBeUndefined()
    expect(await ask('')).toBeUndefined()
  })

  it.each(['application/problem+json; charset=utf-8', 'Application/JSON', 'text/json'])(
    'looks at %s',
    async (type) => expect(await ask('[1', {}, { 'content-type': type })).toMatchObject({ status: 400 }),
  )

  it('leaves other types streaming', async () => {
    expect(await ask('[1', {}, { 'content-type': 'text/plain' })).toBe('not wanted')
    expect(await ask('[1', {}, { 'content-type': 'application/jsonp' })).toBe('not wanted')
  })

  it('is not got round by leaving the type out, giving two, or packing the body', async () => {
    expect(await ask(' {"a":', {}, { 'content-type': [] })).toMatchObject({ status: 400 })
    expect(await ask('a=1', {}, { 'content-type': [] })).toBeUndefined()
    expect(await ask('[1', {}, { 'content-type': ['text/plain', 'application/json'] })).toMatchObject({
      status: 400,
    })
    expect(await ask('{}', {}, { 'content-encoding': 'gzip' })).toMatchObject({
      status: 415,
      code: 'json-threat-protection.encoded',
    })
    expect(await ask('{}', {}, { 'content-encoding': 'identity' })).toBeUndefined()
  })

  it.each([{ maxContainerDepth: -2 }, { maxContainerDepth: 1.5 }, { maxBodyBytes: 0 }, { depth: 3 }])(
    'does not take %j',
    (config) => expect(jsonThreatProtection.config.safeParse(config).success).toBe(false),
  )

  it('says what it bounds', () => {
    const summary = (config: object) =>
      jsonThreatProtection.summarise(jsonThreatProtection.config.parse(config))
    expect(summary({})).toBe('At most depth 32, 1000 members, 10000 elements, texts of 65536')
    expect(summary({ ...noBounds })).toBe('JSON must be well-formed')
  })
})
