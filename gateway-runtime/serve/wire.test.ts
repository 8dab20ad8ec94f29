import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  codeOf,
  type Gateway,
  head,
  OK,
  policy,
  ScriptedUpstream,
  startGateway,
  statusOf,
  talk,
  route,
} from './wire-fixture.ts'
import type { Pool } from './upstream/pool.ts'

const HOST = 'Host: a'
const get = (...fields: string[]) => head('GET / HTTP/1.1', ...fields)
const post = (...fields: string[]) => head('POST / HTTP/1.1', HOST, ...fields)
const target = (text: string) => head(`GET ${text} HTTP/1.1`, HOST)
const answered = (text: string) => text.endsWith('\r\n\r\nok')

let upstream: ScriptedUpstream
let gateway: Gateway

beforeAll(async () => {
  upstream = await new ScriptedUpstream().start()
  const later = policy({
    async onRequest(exchange) {
      await new Promise((resolve) => setImmediate(resolve))
      exchange.setHeader('x-later', exchange.header('x-early') ?? 'none')
      return undefined
    },
  })
  gateway = await startGateway({
    upstreamPort: upstream.port,
    server: { limits: { lingerMs: 100 } },
    routes: (pool) => [route(pool), route(pool, { id: 'later', basePath: '/later', policies: [later] })],
  })
})
afterAll(async () => {
  await gateway.stop()
  upstream.stop()
})
beforeEach(() => {
  upstream.seen = ''
  upstream.script = (_request, socket) => void socket.write(OK)
})

const refusedHosts: [string, string][] = [
  ['none', get()],
  ['two', get(HOST, HOST)],
  ['a list', get('Host: a, b')],
  ['user information', get('Host: u@a')],
  ['a path', get('Host: a/b')],
  ['empty', get('Host:')],
  ['blank', get('Host:  ')],
  ['port of letters', get('Host: a:b')],
  ['port 65536', get('Host: a:65536')],
  ['port 99999', get('Host: a:99999')],
  ['port of six digits', get('Host: a:000080')],
  ['empty port', get('Host: a:')],
  ['port only', get('Host: :80')],
  ['two ports', get('Host: a:80:80')],
  ['inner space', get('Host: a b')],
  ['inner tab', get('Host: a\tb')],
  ['open bracket', get('Host: [::1')],
  ['empty brackets', get('Host: []')],
  ['letters in brackets', get('Host: [zz]')],
  ['one colon in brackets', get('Host: [1:2]')],
  ['eight colons in brackets', get('Host: [1:2:3:4:5:6:7:8:9]')],
  ['bytes behind brackets', get('Host: [::1]a')],
  ['zone', get('Host: [fe80::1%25eth0]')],
  ['escape', get('Host: a%00')],
  ['query', get('Host: a?b')],
  ['fragment', get('Host: a#b')],
  ['backslash', get('Host: a\\b')],
  ['high byte', get('Host: a\xff')],
  ['300 bytes', get(`Host: ${'a'.repeat(300)}`)],
  ['HTTP/1.0 without', head('GET / HTTP/1.0')],
  ['absolute-form of another host', head('GET http://b/ HTTP/1.1', HOST)],
  ['absolute-form of another port', head('GET http://a:81/ HTTP/1.1', HOST)],
  ['absolute-form with user information', head('GET http://u@a/ HTTP/1.1', HOST)],
  ['absolute-form without host', head('GET http:/// HTTP/1.1', HOST)],
]

const refusedHeaders: [string, string][] = [
  ['space before the colon', get('Host : a')],
  ['tab before the colon', get('Host\t: a')],
  ['folded by space', get(HOST, 'X: a', ' b')],
  ['folded by tab', get(HOST, 'X: a', '\tb')],
  ['folded first line', get(` ${HOST}`)],
  ['empty name', get(HOST, ': x')],
  ['no colon', get(HOST, 'xyz')],
  ['parenthesis in a name', get(HOST, 'X(: a')],
  ['space in a name', get(HOST, 'X Y: a')],
  ['slash in a name', get(HOST, 'X/Y: a')],
  ['quote in a name', get(HOST, 'X"Y: a')],
  ['high byte in a name', get(HOST, 'X\xe9: a')],
  ['NUL in a name', get(HOST, 'X\0: a')],
  ['NUL in a value', get(HOST, 'X: a\0b')],
  ['NUL in Host', get('Host: a\0')],
  ['bare CR in a value', get(HOST, 'X: a\rb')],
  ['bare LF ends a line', 'GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n'],
  ['bare LF hides a header', get(HOST, 'X: a\nTransfer-Encoding: chunked')],
  ['DEL in a value', get(HOST, 'X: a\x7f')],
  ['SOH in a value', get(HOST, 'X: a\x01')],
  ['ESC in a value', get(HOST, 'X: \x1b')],
  ['VT in a value', get(HOST, 'X: a\x0bb')],
  ['FF in a value', get(HOST, 'X: a\x0cb')],
  ['LF ends the head', 'GET / HTTP/1.1\r\nHost: a\r\n\n'],
  ['CR and a letter end the head', 'GET / HTTP/1.1\r\nHost: a\r\n\rX'],
  ['CR CR LF ends a line', 'GET / HTTP/1.1\r\nHost: a\r\r\n\r\n'],
  ['bad connection option', get(HOST, 'Connection: a b')],
  ['quoted connection option', get(HOST, 'Connection: "close"')],
  ['two Authorization', get(HOST, 'Authorization: Bearer a', 'Authorization: Bearer b')],
  ['two Content-Type', post('Content-Type: text/plain', 'Content-Type: application/json')],
]

const refusedLines: [string, string, number, string][] = [
  ['LF only', 'GET / HTTP/1.1\nHost: a\n\n', 400, 'bad_request_line'],
  ['CR CR LF', 'GET / HTTP/1.1\r\r\nHost: a\r\n\r\n', 400, 'bad_request_line'],
  ['two spaces', head('GET  / HTTP/1.1', HOST), 400, 'bad_request_line'],
  ['tab', head('GET\t/ HTTP/1.1', HOST), 400, 'bad_request_line'],
  ['space in the target', head('GET /a b HTTP/1.1', HOST), 400, 'bad_request_line'],
  ['space at the end', head('GET / HTTP/1.1 ', HOST), 400, 'bad_request_line'],
  ['space at the start', head(' GET / HTTP/1.1', HOST), 400, 'bad_request_line'],
  ['no version', head('GET /', HOST), 400, 'bad_request_line'],
  ['HTTP/0.9', 'GET /\r\n\r\n', 400, 'bad_request_line'],
  ['http/1.1', head('GET / http/1.1', HOST), 400, 'bad_request_line'],
  ['HTTP/1.2', head('GET / HTTP/1.2', HOST), 505, 'bad_version'],
  ['HTTP/1.9', head('GET / HTTP/1.9', HOST), 505, 'bad_version'],
  ['HTTP/2.0', head('GET / HTTP/2.0', HOST), 505, 'bad_version'],
  ['HTTP/3.0', head('GET / HTTP/3.0', HOST), 505, 'bad_version'],
  ['HTTP/0.9 in words', head('GET / HTTP/0.9', HOST), 505, 'bad_version'],
  ['HTTP/1.10', head('GET / HTTP/1.10', HOST), 400, 'bad_request_line'],
  ['HTTP/11', head('GET / HTTP/11', HOST), 400, 'bad_request_line'],
  ['HTTP/01.1', head('GET / HTTP/01.1', HOST), 400, 'bad_request_line'],
  ['HTTP/1,1', head('GET / HTTP/1,1', HOST), 400, 'bad_request_line'],
  ['HTTP/ 1.1', head('GET / HTTP/ 1.1', HOST), 400, 'bad_request_line'],
  ['ICY/1.1', head('GET / ICY/1.1', HOST), 400, 'bad_request_line'],
  ['HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505, 'bad_version'],
  ['TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01', 400, 'bad_request_line'],
  ['SOCKS', '\x05\x01\x00', 400, 'bad_request_line'],
  ['two empty lines first', `\r\n\r\n${get(HOST)}`, 400, 'bad_request_line'],
  ['LF first', `\n${get(HOST)}`, 400, 'bad_request_line'],
  ['CR and a letter first', `\rG${get(HOST)}`, 400, 'bad_request_line'],
  ['lower-case method', head('get / HTTP/1.1', HOST), 501, 'method_unknown'],
  ['method with @', head('G@T / HTTP/1.1', HOST), 400, 'bad_request_line'],
  ['no method', head('/ HTTP/1.1', HOST), 400, 'bad_request_line'],
  ['method of 40 letters', head(`${'A'.repeat(40)} / HTTP/1.1`, HOST), 501, 'method_unknown'],
  ['unknown method', head('FOO / HTTP/1.1', HOST), 501, 'method_unknown'],
  ['CONNECT', head('CONNECT a:443 HTTP/1.1', 'Host: a:443'), 405, 'method_not_allowed'],
  ['CONNECT of a path', head('CONNECT / HTTP/1.1', HOST), 405, 'method_not_allowed'],
  ['TRACE', head('TRACE / HTTP/1.1', HOST), 405, 'method_not_allowed'],
  ['empty target', head('GET  HTTP/1.1', HOST), 400, 'bad_request_line'],
  ['GET *', head('GET * HTTP/1.1', HOST), 400, 'bad_path'],
  ['OPTIONS *x', head('OPTIONS *x HTTP/1.1', HOST), 400, 'bad_path'],
  ['authority-form', head('GET a:80 HTTP/1.1', HOST), 400, 'bad_path'],
  ['relative', head('GET a/b HTTP/1.1', HOST), 400, 'bad_path'],
  ['absolute-form of ftp', head('GET ftp://a/ HTTP/1.1', HOST), 400, 'bad_path'],
  ['absolute-form of file', head('GET file:///etc/passwd HTTP/1.1', HOST), 400, 'bad_path'],
  ['absolute-form with query only', head('GET http://a?x HTTP/1.1', HOST), 400, 'bad_path'],
  ['fragment', target('/a#b'), 400, 'bad_path'],
  ['NUL in the target', target('/\0'), 400, 'bad_path'],
  ['high byte in the target', target('/\xe9'), 400, 'bad_path'],
  ['quote in the target', target('/"'), 400, 'bad_path'],
  ['backslash in the target', target('/\\'), 400, 'bad_path'],
  ['less than in the target', target('/<'), 400, 'bad_path'],
  ['DEL in the target', target('/\x7f'), 400, 'bad_path'],
  ['target of 9000 bytes', target(`/${'a'.repeat(9_000)}`), 414, 'uri_too_long'],
  ['target of 70000 bytes', target(`/${'a'.repeat(70_000)}`), 414, 'uri_too_long'],
  ['field of 17000 bytes', get(HOST, `X: ${'a'.repeat(17_000)}`), 431, 'header_too_large'],
  ['name of 17000 bytes', get(HOST, `${'X'.repeat(17_000)}: a`), 431, 'header_too_large'],
  ['101 fields', get(HOST, ...Array<string>(100).fill('X: a')), 431, 'header_too_large'],
  [
    '66 kB of fields',
    get(HOST, ...Array<string>(8).fill(`X: ${'a'.repeat(9_000)}`)),
    431,
    'header_too_large',
  ],
  ['expectation of nonsense', post('Expect: foo', 'Content-Length: 1'), 417, 'bad_expectation'],
  [
    'two expectations',
    post('Expect: 100-continue', 'Expect: 100-continue', 'Content-Length: 1'),
    417,
    'bad_expectation',
  ],
  ['length over the limit', post('Content-Length: 99999999999'), 413, 'body_too_large'],
  ['length over any number', post('Content-Length: 99999999999999999999'), 413, 'body_too_large'],
]

const refusedFraming: [string, string][] = [
  ['two lengths', post('Content-Length: 1', 'Content-Length: 1')],
  ['two different lengths', post('Content-Length: 1', 'Content-Length: 2')],
  ['list of lengths', post('Content-Length: 1, 1')],
  ['5,5', post('Content-Length: 5,5')],
  ['+5', post('Content-Length: +5')],
  ['-1', post('Content-Length: -1')],
  ['0x5', post('Content-Length: 0x5')],
  ['empty length', post('Content-Length:')],
  ['blank length', post('Content-Length:  ')],
  ['1 2', post('Content-Length: 1 2')],
  ['1.0', post('Content-Length: 1.0')],
  ['1e3', post('Content-Length: 1e3')],
  ['1_0', post('Content-Length: 1_0')],
  ['length behind VT', `${post('Content-Length: \x0b1')}`],
  ['length behind TAB', post('Content-Length:\t1')],
  ['quoted length', post('Content-Length: "1"')],
  ['length then coding', post('Content-Length: 1', 'Transfer-Encoding: chunked')],
  ['coding then length', post('Transfer-Encoding: chunked', 'Content-Length: 1')],
  ['length 0 and coding', post('Content-Length: 0', 'Transfer-Encoding: chunked')],
  ['coding twice', post('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked')],
  ['gzip, chunked', post('Transfer-Encoding: gzip, chunked')],
  ['chunked, identity', post('Transfer-Encoding: chunked, identity')],
  ['chunked, chunked', post('Transfer-Encoding: chunked, chunked')],
  ['identity', post('Transfer-Encoding: identity')],
  ['xchunked', post('Transfer-Encoding: xchunked')],
  ['chunkedx', post('Transfer-Encoding: chunkedx')],
  ['chunked and a comma', post('Transfer-Encoding: chunked,')],
  ['chunked with a parameter', post('Transfer-Encoding: chunked;q=1')],
  ['quoted coding', post('Transfer-Encoding: "chunked"')],
  ['empty coding', post('Transfer-Encoding:')],
  ['coding behind TAB', post('Transfer-Encoding:\tchunked')],
  ['coding before TAB', post('Transfer-Encoding: chunked\t')],
  ['coding behind two blanks', post('Transfer-Encoding:  chunked')],
  ['coding before a blank', post('Transfer-Encoding: chunked ')],
  ['cow', post('Transfer-Encoding: cow')],
  ['coding in HTTP/1.0', head('POST / HTTP/1.0', HOST, 'Transfer-Encoding: chunked')],
]

const refusedPaths: [string, string][] = [
  ['%00', '/a%00'],
  ['%0d%0a', '/a%0d%0aX:y'],
  ['%1f', '/a%1f'],
  ['%7f', '/a%7f'],
  ['%2f', '/a%2fb'],
  ['%2F', '/a%2Fb'],
  ['%5c', '/a%5cb'],
  ['%zz', '/a%zz'],
  ['a lone %', '/a%'],
  ['%4', '/a%4'],
  ['overlong UTF-8', '/a%c0%af'],
  ['overlong dot', '/%c0%ae%c0%ae/a'],
  ['broken UTF-8', '/a%e9'],
  ['surrogate in UTF-8', '/a%ed%a0%80'],
  ['above the root', '/../a'],
  ['above the root later', '/a/../../b'],
  ['escaped dots above the root', '/%2e%2e/a'],
  ['half escaped dots above the root', '/.%2e/a'],
  ['dots with a parameter', '/a/..;/b'],
  ['dot with a parameter', '/a/.;x/b'],
]

describe('refused before anything reaches the upstream', () => {
  const cases: [string, string, number, string][] = [
    ...refusedHosts.map(([name, text]): [string, string, number, string] => [
      `host: ${name}`,
      text,
      400,
      'bad_host',
    ]),
    ...refusedHeaders.map(([name, text]): [string, string, number, string] => [
      `header: ${name}`,
      text,
      400,
      'bad_header',
    ]),
    ...refusedFraming.map(([name, text]): [string, string, number, string] => [
      `framing: ${name}`,
      text,
      400,
      'bad_framing',
    ]),
    ...refusedPaths.map(([name, text]): [string, string, number, string] => [
      `path: ${name}`,
      target(text),
      400,
      'bad_path',
    ]),
    ...refusedLines.map(([name, text, status, code]): [string, string, number, string] => [
      `line: ${name}`,
      text,
      status,
      code,
    ]),
  ]
  it.each(cases)('%s', async (name, bytes, status, code) => {
    const { text, ended } = await talk(gateway.port, [bytes])
    expect(statusOf(text), text).toBe(status)
    // What is wrong with a value that the header's own syntax forbids is the header.
    const alsoFits = ['header: NUL in Host', 'host: inner tab', 'framing: length behind VT'].includes(name)
    if (!alsoFits) expect(codeOf(text)).toBe(code)
    expect(text).toMatch(/\r\nConnection: close\r\n/)
    expect(text).toMatch(/"requestId":"[^"]+"\}$/)
    expect(ended).toBe(true)
    expect(upstream.seen).toBe('')
  })
})

describe('chunked bodies that are refused', () => {
  const bodies: [string, string][] = [
    ['no size', '\r\n'],
    ['size of g', 'g\r\n'],
    ['0x3', '0x3\r\nabc\r\n0\r\n\r\n'],
    ['space before the size', ' 3\r\nabc\r\n0\r\n\r\n'],
    ['space behind the size', '3 \r\nabc\r\n0\r\n\r\n'],
    ['tab behind the size', '3\t\r\nabc\r\n0\r\n\r\n'],
    ['-3', '-3\r\nabc\r\n'],
    ['+3', '+3\r\nabc\r\n'],
    ['LF only', '3\nabc\n0\n\n'],
    ['CR CR LF', '3\r\r\nabc\r\n'],
    ['data longer than its size', '3\r\nabcd\r\n'],
    ['data ends in LF', '3\r\nabc\n0\r\n\r\n'],
    ['data ends in CR x', '3\r\nabc\rX'],
    ['size of 17 digits', 'fffffffffffffffff\r\n'],
    ['size of 13 zeros', `${'0'.repeat(13)}3\r\nabc\r\n`],
    ['empty extension', '3;\r\nabc\r\n'],
    ['bare CR in an extension', '3;a\rb\r\nabc\r\n'],
    ['NUL in an extension', '3;a\0\r\nabc\r\n'],
    ['LF ends an extension', '3;a\nabc\r\n'],
    ['bare LF in a quoted extension', '3;a="\n"\r\nabc\r\n'],
    ['extension of 5000 bytes', `3;${'a'.repeat(5_000)}\r\nabc\r\n`],
    ['many small extensions', '1;abcdefghi\r\nx\r\n'.repeat(200)],
    ['no semicolon', '3a=b\r\n'],
    ['space in a trailer name', '0\r\nX Y: a\r\n\r\n'],
    ['folded trailer', '0\r\nX: a\r\n b\r\n\r\n'],
    ['trailer without colon', '0\r\nabc\r\n\r\n'],
    ['NUL in a trailer', '0\r\nX: \0\r\n\r\n'],
    ['length in the trailers', '0\r\nContent-Length: 3\r\n\r\n'],
    ['coding in the trailers', '0\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['host in the trailers', '0\r\nHost: b\r\n\r\n'],
    ['trailer of 9000 bytes', `0\r\nX: ${'a'.repeat(9_000)}\r\n\r\n`],
    ['LF ends the body', '0\r\n\n'],
  ]
  it.each(bodies)('%s', async (_name, body) => {
    const { text } = await talk(gateway.port, [post('Transfer-Encoding: chunked') + body])
    expect(statusOf(text), text).toBe(400)
    expect(codeOf(text)).toBe('bad_framing')
    expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1)
  })
})

describe('what passes, and how it is written again', () => {
  const from = 'X-Forwarded-For: 127\\.0\\.0\\.1\\r\\nX-Forwarded-Proto: http\\r\\nX-Forwarded-Host: a\\r\\n'
  const cases: [string, string, RegExp][] = [
    [
      'a query',
      target('/a?b'),
      new RegExp(
        `^GET /a\\?b HTTP/1\\.1\\r\\nHost: 127\\.0\\.0\\.1:\\d+\\r\\n${from}X-Request-Id: \\S+\\r\\n\\r\\n$`,
      ),
    ],
    ['one empty line first', `\r\n${target('/a')}`, /^GET \/a HTTP\/1\.1\r\nHost: /],
    ['blanks round a value', get(HOST, 'X: \t b \t '), /\r\nX: b\r\n/],
    ['no blank', get('Host:a', 'X:b'), /\r\nX: b\r\n/],
    ['an empty value', get(HOST, 'X:'), /\r\nX: \r\n/],
    ['high bytes in a value', get(HOST, 'X: \xe9'), /\r\nX: \xe9\r\n/],
    ['every token character but the underscore', get(HOST, "!#$%&'*+-.^`|~9: 1"), /~9: 1\r\n/],
    ['a port', get('Host: a.b-c:8080'), /X-Forwarded-Host: a\.b-c:8080\r\n/],
    ['IPv6', get('Host: [::1]:80'), /X-Forwarded-Host: \[::1\]:80\r\n/],
    ['absolute-form', head('GET http://A/x?y HTTP/1.1', HOST), /^GET \/x\?y HTTP\/1\.1\r\n/],
    ['absolute-form without path', head('GET http://a HTTP/1.1', HOST), /^GET \/ HTTP/],
    ['HTTP/1.0', head('GET / HTTP/1.0', HOST), /^GET \/ HTTP\/1\.1\r\n/],
    [
      'HTTP/1.0 with an expectation',
      head('GET / HTTP/1.0', HOST, 'Expect: 100-continue'),
      /^((?!Expect)[^])*$/,
    ],
    [
      'hop by hop fields',
      get(
        HOST,
        'Connection: x-a, keep-alive',
        'X-A: 1',
        'Keep-Alive: 5',
        'TE: trailers',
        'Proxy-Connection: x',
        'X-B: 2',
      ),
      /\d\r\nX-B: 2\r\nX-Forwarded-For/,
    ],
    [
      'forged forwarding fields',
      get(
        HOST,
        'X-Forwarded-For: 1.2.3.4',
        'X-Forwarded-Proto: https',
        'X-Forwarded-Host: evil',
        'X-Forwarded-Port: 1',
        'Forwarded: for=1',
      ),
      new RegExp(`\\d\\r\\n${from}X-Request`),
    ],
    ['a forged request id', get(HOST, 'X-Request-Id: mine'), /X-Request-Id: (?!mine)/],
    [
      'underscores',
      get(HOST, 'X_User: root', 'Content_Length: 5', 'X-B: 2'),
      /\d\r\nX-B: 2\r\nX-Forwarded-For/,
    ],
    ['dot segments', target('/a/./b/../c'), /^GET \/a\/c HTTP/],
    ['dot segment at the end', target('/a/b/..'), /^GET \/a\/ HTTP/],
    ['needless escapes', target('/%61%7eb?%zz'), /^GET \/a~b\?%zz HTTP/],
    ['lower-case escapes', target('/%e2%82%ac'), /^GET \/%E2%82%AC HTTP/],
    ['empty segments', target('//a//b'), /^GET \/a\/b HTTP/],
    ['an escaped per cent sign stays one', target('/a%252fb'), /^GET \/a%252fb HTTP/],
    ['path parameters', target('/a;x=1/b'), /^GET \/a;x=1\/b HTTP/],
    ['a length', `${post('Content-Length: 3')}abc`, /Content-Length: 3\r\n[^]*\r\n\r\nabc$/],
    ['zeros before a length', `${post('Content-Length: 0003')}abc`, /\r\n\r\nabc$/],
    [
      'chunks, framed anew, without extensions',
      `${post('Transfer-Encoding: CHUNKED')}3;x="y"\r\nabc\r\n02\r\nde\r\n0\r\nT: 1\r\n\r\n`,
      /\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\nT: 1\r\n\r\n$/i,
    ],
    ['Connection does not take Host away', get(HOST, 'Connection: host'), /\r\nHost: 127/],
    [
      'Connection does not take the length away',
      `${post('Connection: content-length', 'Content-Length: 1')}x`,
      /Content-Length: 1\r\n[^]*x$/,
    ],
    [
      'Connection does not take our forwarding fields away',
      get(HOST, 'Connection: x-forwarded-for'),
      new RegExp(from),
    ],
    [
      'an upgrade that is no WebSocket',
      get(HOST, 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: x'),
      /^GET \/ HTTP\/1\.1\r\nHost: \S+\r\nX-Forwarded-For[^]*$/,
    ],
    ['a policy that waits', head('GET /later HTTP/1.1', HOST, 'X-Early: 7'), /\r\nx-later: 7\r\n/],
    ['DELETE', head('DELETE / HTTP/1.1', HOST), /^DELETE /],
    ['QUERY with a body', `${head('QUERY / HTTP/1.1', HOST, 'Content-Length: 1')}x`, /^QUERY [^]*x$/],
    ['a hundred fields', get(HOST, ...Array<string>(99).fill('X: a')), /(X: a\r\n){99}/],
  ]
  it.each(cases)('%s', async (_name, bytes, expected) => {
    const { text } = await talk(gateway.port, [bytes], { until: answered })
    expect(statusOf(text), text).toBe(200)
    expect(upstream.seen).toMatch(expected)
  })

  it('a request is the same for policies and upstream where Connection names a header', async () => {
    await talk(gateway.port, [head('GET /later HTTP/1.1', HOST, 'Connection: x-early', 'X-Early: 7')], {
      until: answered,
    })
    expect(upstream.seen).toContain('x-later: none')
    expect(upstream.seen).not.toContain('X-Early')
  })
})

describe('every split position gives the same request', () => {
  const messages: [string, string, number][] = [
    ['GET', head('GET /a/b?c HTTP/1.1', HOST, 'X-Y:  z ', 'Connection: x-q', 'X-Q: 1'), 1],
    ['a length', `${post('Content-Length: 5')}hello`, 1],
    [
      'chunks',
      `${post('Transfer-Encoding: chunked')}3;e=1\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: x\r\n\r\n`,
      1,
    ],
    ['three at once', target('/1') + `${post('Content-Length: 2')}hi` + target('/3'), 3],
    ['absolute-form behind an empty line', `\r\n${head('GET http://a/x HTTP/1.1', HOST)}`, 1],
  ]
  it.each(messages)(
    '%s',
    async (_name, message, count) => {
      const complete = (text: string) => text.split('\r\n\r\nok').length - 1 === count
      const seenFor = async (parts: string[]) => {
        upstream.seen = ''
        await talk(gateway.port, parts, { until: complete })
        return dechunked(upstream.seen.replace(/X-Request-Id: \S+\r\n/g, ''))
      }
      const whole = await seenFor([message])
      for (let i = 1; i < message.length; i++) {
        expect(await seenFor([message.slice(0, i), message.slice(i)]), `split at ${i}`).toBe(whole)
      }
      expect(await seenFor(message.split('')), 'byte by byte').toBe(whole)
    },
    30_000,
  )
})

/** The body of one chunked message joined, as where it is cut differs with the segments. */
function dechunked(text: string): string {
  if (!text.includes('Transfer-Encoding: chunked')) return text
  let position = text.indexOf('\r\n\r\n') + 4
  let joined = text.slice(0, position)
  for (;;) {
    const lineEnd = text.indexOf('\r\n', position)
    const size = Number.parseInt(text.slice(position, lineEnd), 16)
    if (Number.isNaN(size)) throw new Error(`not chunked: ${JSON.stringify(text)}`)
    if (size === 0) return joined + text.slice(lineEnd)
    joined += text.slice(lineEnd + 2, lineEnd + 2 + size)
    position = lineEnd + size + 4
  }
}

describe('answers of the upstream that are refused', () => {
  const answers: [string, string][] = [
    ['no HTTP', 'hello\r\n\r\n'],
    ['LF only', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'],
    ['length and coding', `${head('HTTP/1.1 200 OK', 'Content-Length: 1', 'Transfer-Encoding: chunked')}x`],
    ['two lengths', `${head('HTTP/1.1 200 OK', 'Content-Length: 1', 'Content-Length: 2')}x`],
    ['negative length', head('HTTP/1.1 200 OK', 'Content-Length: -1')],
    ['status 099', head('HTTP/1.1 099 X')],
    ['status 600', head('HTTP/1.1 600 X')],
    ['status 20', head('HTTP/1.1 20 X')],
    ['status 2000', head('HTTP/1.1 2000 X')],
    ['no status', head('HTTP/1.1 OK')],
    ['HTTP/2.0', head('HTTP/2.0 200 OK')],
    ['HTTP/1.2', head('HTTP/1.2 200 OK')],
    ['folded header', head('HTTP/1.1 200 OK', 'X: a', ' b', 'Content-Length: 0')],
    ['NUL in a header', head('HTTP/1.1 200 OK', 'X: \0', 'Content-Length: 0')],
    ['space before a colon', head('HTTP/1.1 200 OK', 'Content-Length : 0')],
    ['101 that was not asked for', head('HTTP/1.1 101 S', 'Upgrade: websocket', 'Connection: upgrade')],
    ['gzip coding', head('HTTP/1.1 200 OK', 'Transfer-Encoding: gzip')],
    ['coding in HTTP/1.0', `${head('HTTP/1.0 200 OK', 'Transfer-Encoding: chunked')}0\r\n\r\n`],
    ['coding in a 204', `${head('HTTP/1.1 204 N', 'Transfer-Encoding: chunked')}0\r\n\r\n`],
    ['length in a 100', head('HTTP/1.1 100 C', 'Content-Length: 1')],
    ['17 interim answers', head('HTTP/1.1 103 E').repeat(17)],
    ['fields of 80 kB', head('HTTP/1.1 200 OK', ...Array<string>(20).fill(`X: ${'a'.repeat(4_000)}`))],
    ['101 fields', head('HTTP/1.1 200 OK', ...Array<string>(101).fill('X: a'))],
    ['a chunk of no size', `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}x\r\n`],
    ['the end at once', ''],
    ['the end inside the head', 'HTTP/1.1 200 OK\r\nX: '],
  ]
  it.each(answers)('%s', async (_name, bytes) => {
    upstream.script = (_request, socket) => {
      if (bytes === '' || bytes.endsWith('X: ')) socket.end(bytes)
      else socket.write(Buffer.from(bytes, 'latin1'))
    }
    const { text } = await talk(gateway.port, [get(HOST, 'Connection: close')])
    const final = text.replace(/^(HTTP\/1\.1 10[^]*?\r\n\r\n)*/, '')
    expect(statusOf(final), text).toBe(502)
    expect(codeOf(final)).toMatch(/^upstream_(bad_response|reset)$/)
    expect(text).not.toContain(String(upstream.port))
  })
})

describe('answers as they reach the client', () => {
  const CLOSE = 'Connection: close'
  const date = 'Date: \\w{3}, \\d\\d \\w{3} \\d{4} [\\d:]+ GMT\\r\\n'
  const cases: [string, string, string, RegExp][] = [
    [
      'length',
      get(HOST, CLOSE),
      `${head('HTTP/1.1 200 OK', 'X: 1', 'Content-Length: 2')}hi`,
      new RegExp(
        `^HTTP/1\\.1 200 OK\\r\\nX: 1\\r\\nContent-Length: 2\\r\\n${date}Connection: close\\r\\n\\r\\nhi$`,
      ),
    ],
    [
      'Date of the upstream',
      get(HOST, CLOSE),
      head('HTTP/1.1 200 OK', 'Date: x', 'Content-Length: 0'),
      /^HTTP\/1\.1 200 OK\r\nDate: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n$/,
    ],
    [
      '204',
      get(HOST, CLOSE),
      head('HTTP/1.1 204 No', 'X: 1'),
      new RegExp(`^HTTP/1\\.1 204 No\\r\\nX: 1\\r\\n${date}Connection: close\\r\\n\\r\\n$`),
    ],
    [
      '204 with a length',
      get(HOST, CLOSE),
      head('HTTP/1.1 204 No', 'Content-Length: 0'),
      /^((?!Content-Length)[^])*$/,
    ],
    [
      '304 with a length',
      get(HOST, CLOSE),
      head('HTTP/1.1 304 N', 'Content-Length: 10'),
      /Content-Length: 10\r\n[^]*\r\n\r\n$/,
    ],
    [
      'HEAD',
      head('HEAD / HTTP/1.1', HOST, CLOSE),
      head('HTTP/1.1 200 OK', 'Content-Length: 10'),
      /Content-Length: 10\r\n[^]*\r\n\r\n$/,
    ],
    [
      'HEAD with chunks',
      head('HEAD / HTTP/1.1', HOST, CLOSE),
      head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'),
      /^((?!chunked)[^])*\r\n\r\n$/,
    ],
    [
      '103 first',
      get(HOST, CLOSE),
      `${head('HTTP/1.1 103 E', 'Link: x')}${head('HTTP/1.1 200 OK', 'Content-Length: 2')}hi`,
      /^HTTP\/1\.1 103 E\r\nLink: x\r\n\r\nHTTP\/1\.1 200 OK[^]*hi$/,
    ],
    [
      '103 is not for HTTP/1.0',
      head('GET / HTTP/1.0', HOST),
      `${head('HTTP/1.1 103 E', 'Link: x')}${head('HTTP/1.1 200 OK', 'Content-Length: 2')}hi`,
      /^HTTP\/1\.1 200 OK[^]*hi$/,
    ],
    [
      'until close becomes chunks',
      get(HOST, CLOSE),
      `${head('HTTP/1.0 200 OK', 'X: 1')}until close`,
      /Transfer-Encoding: chunked[^]*\r\n\r\nb\r\nuntil close\r\n0\r\n\r\n$/,
    ],
    [
      'until close for HTTP/1.0',
      head('GET / HTTP/1.0', HOST),
      `${head('HTTP/1.1 200 OK')}until close`,
      /Connection: close\r\n\r\nuntil close$/,
    ],
    [
      'chunks for HTTP/1.0',
      head('GET / HTTP/1.0', HOST),
      `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}3\r\nabc\r\n0\r\n\r\n`,
      /Connection: close\r\n\r\nabc$/,
    ],
    [
      'keep-alive for HTTP/1.0',
      head('GET / HTTP/1.0', HOST, 'Connection: keep-alive') + head('GET / HTTP/1.0', HOST),
      OK,
      /Connection: keep-alive\r\n\r\nok[^]*Connection: close\r\n\r\nok$/,
    ],
    [
      'no reason phrase',
      get(HOST, CLOSE),
      `${head('HTTP/1.1 200', 'Content-Length: 2')}hi`,
      /^HTTP\/1\.1 200\r\n[^]*hi$/,
    ],
    [
      'hop by hop fields',
      get(HOST, CLOSE),
      head(
        'HTTP/1.1 200 OK',
        'Connection: x-secret',
        'X-Secret: 1',
        'Keep-Alive: timeout=5',
        'Upgrade: h2c',
        'Content-Length: 0',
      ),
      /^HTTP\/1\.1 200 OK\r\nContent-Length: 0\r\nDate[^]*$/,
    ],
    [
      'a redirect, which nobody follows here',
      get(HOST, CLOSE),
      head('HTTP/1.1 302 Found', 'Location: http://169.254.169.254/latest', 'Content-Length: 0'),
      /^HTTP\/1\.1 302 Found\r\nLocation: http:\/\/169\.254\.169\.254\/latest\r\n[^]*\r\n\r\n$/,
    ],
    [
      'a body of 0 bytes in chunks',
      get(HOST, CLOSE),
      `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
      /chunked[^]*\r\n\r\n0\r\n\r\n$/,
    ],
  ]
  it.each(cases)('%s', async (_name, request, answer, expected) => {
    const split = (socket: { write(bytes: Buffer): unknown; end(): unknown }) => {
      let i = 0
      const next = () => {
        if (i >= answer.length) return socket.end()
        socket.write(Buffer.from(answer[i++] ?? '', 'latin1'))
        return setImmediate(next)
      }
      next()
    }
    upstream.script = (_request, socket) => void socket.end(Buffer.from(answer, 'latin1'))
    expect((await talk(gateway.port, [request])).text).toMatch(expected)
    upstream.script = (_request, socket) => split(socket)
    const bytewise = (await talk(gateway.port, [request])).text
    const isChunked = /b\\r\\nuntil/.test(expected.source)
    if (!isChunked) expect(bytewise, 'byte by byte').toMatch(expected)
  })
})

describe('what belongs to no API is 404', () => {
  let named: Gateway

  beforeAll(async () => {
    const routes = (pool: Pool) => [route(pool, { host: 'orders.example', basePath: '/v1' })]
    named = await startGateway({ upstreamPort: upstream.port, routes })
  })
  afterAll(() => named.stop())

  const cases: [string, string, number][] = [
    ['its own host and path', head('GET /v1/a HTTP/1.1', 'Host: Orders.example:80'), 200],
    ['OPTIONS *', head('OPTIONS * HTTP/1.1', 'Host: orders.example'), 404],
    ['another host', head('GET /v1/a HTTP/1.1', 'Host: bills.example'), 404],
    ['a host below', head('GET /v1/a HTTP/1.1', 'Host: a.orders.example'), 404],
    ['a host that begins alike', head('GET /v1/a HTTP/1.1', 'Host: orders.example.evil'), 404],
    ['an address', head('GET /v1/a HTTP/1.1', 'Host: 127.0.0.1'), 404],
    ['another path', head('GET /v2/a HTTP/1.1', 'Host: orders.example'), 404],
    ['a path that begins alike', head('GET /v10 HTTP/1.1', 'Host: orders.example'), 404],
    ['a path out of it', head('GET /v1/../admin HTTP/1.1', 'Host: orders.example'), 404],
  ]
  it.each(cases)('%s', async (_name, bytes, status) => {
    const complete = (text: string) => answered(text) || text.endsWith('}')
    const { text } = await talk(named.port, [bytes], { until: complete })
    expect(statusOf(text), text).toBe(status)
    if (status === 200) return
    expect(codeOf(text)).toBe('no_route')
    expect(upstream.seen).toBe('')
  })
})
