/** Messages to start from, pieces to put in, and a seeded way to spoil them. */

const head = (...lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`

export const requestSeeds: readonly string[] = [
  head('GET / HTTP/1.1', 'Host: a'),
  head('GET /a?b=c HTTP/1.1', 'Host: a', 'X-Y:  z ', 'Connection: keep-alive', 'Accept: */*'),
  `${head('POST /p HTTP/1.1', 'Host: a', 'Content-Length: 5')}hello`,
  `${head('POST /p HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked')}3;e=1\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: x\r\n\r\n`,
  `${head('PUT /p HTTP/1.1', 'Host: a:80', 'Transfer-Encoding: chunked', 'Expect: 100-continue')}3\r\nabc\r\n0\r\n\r\n`,
  head('GET http://a/x HTTP/1.1', 'Host: a'),
  head('OPTIONS * HTTP/1.1', 'Host: a'),
  head('GET / HTTP/1.0', 'Host: a', 'Connection: keep-alive'),
  head('GET /ws HTTP/1.1', 'Host: a', 'Upgrade: websocket', 'Connection: upgrade'),
  head('GET / HTTP/1.1', 'Host: [::1]:8080', 'X-Forwarded-For: 1.1.1.1', 'Cookie: a=b; c=d'),
  head('DELETE /x/./y/../%7Ez HTTP/1.1', 'Host: a', 'Connection: close, x-a', 'X-A: 1'),
]

export const responseSeeds: readonly string[] = [
  `${head('HTTP/1.1 200 OK', 'Content-Length: 5')}hello`,
  `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}3\r\nabc\r\n0\r\n\r\n`,
  head('HTTP/1.1 204 No Content', 'X: y'),
  head('HTTP/1.1 304 Not', 'ETag: "x"'),
  `${head('HTTP/1.0 200 OK', 'X: y')}until close`,
  head('HTTP/1.1 100 Continue') + head('HTTP/1.1 200 OK', 'Content-Length: 0'),
  `${head('HTTP/1.1 404 Not Found', 'Content-Type: text/plain', 'Connection: keep-alive', 'Content-Length: 3')}abc`,
  `${head('HTTP/1.1 200', 'Content-Length: 1')}x`,
]

const pieces: readonly string[] = [
  '\r\n', '\r', '\n', '\0', ' ', '\t', ':', ';', ',', '\x0b', '\x0c', '\x7f', '\x80', '\xff', '"', '\\', '%', '#', '?', '/',
  '*', '@', '[', ']', '_', '0', '1', '-1', '+1', '0x', 'f', 'ffffffffffffffff', '18446744073709551616', 'chunked',
  'Transfer-Encoding: chunked\r\n', 'Transfer-Encoding: identity\r\n', 'Transfer_Encoding: chunked\r\n',
  'Content-Length: 0\r\n', 'Content-Length: 3\r\n', 'Content-Length: 3, 3\r\n', 'Host: b\r\n', 'Connection: close\r\n',
  'Connection: upgrade\r\n', 'Connection: content-length\r\n', 'Upgrade: x\r\n', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/0.9',
  'HTTP/2.0', 'GET ', 'POST ', 'HEAD ', 'CONNECT ', ' \r\n', '\r\n ', '\r\n\t', '0\r\n\r\n', '3\r\nabc\r\n', ';x=y', ';x="y"',
  'Trailer: X\r\n', 'X: \r\n', 'x-\xe9: 1\r\n', 'Expect: x\r\n', '%2e', '%2f', '%00', '../', '//',
] // biome-ignore format: a list of words

/** Numbers that look random and come again with the same seed. */
export class Chance {
  private state: number

  constructor(seed: number) {
    this.state = seed | 0
  }

  below(bound: number): number {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) | 0
    return (this.state >>> 8) % bound
  }

  pick<T>(list: readonly T[]): T {
    const item = list[this.below(list.length)]
    if (item === undefined) throw new RangeError('nothing to pick from')
    return item
  }
}

/** A message with one to three faults. */
export function spoil(message: string, all: readonly string[], chance: Chance): string {
  let text = message
  for (let faults = 1 + chance.below(3); faults > 0; faults--) text = spoilOnce(text, all, chance)
  return text
}

function spoilOnce(text: string, all: readonly string[], chance: Chance): string {
  const at = chance.below(text.length + 1)
  const before = text.slice(0, at)
  switch (chance.below(7)) {
    case 0:
      return before + String.fromCharCode(chance.below(256)) + text.slice(at + 1)
    case 1:
      return before + chance.pick(pieces) + text.slice(at)
    case 2:
      return before + text.slice(at + 1 + chance.below(4))
    case 3: {
      const end = at + chance.below(20)
      return text.slice(0, end) + text.slice(at)
    }
    case 4: {
      const other = chance.pick(all)
      const start = chance.below(other.length)
      return before + other.slice(start, start + chance.below(40)) + text.slice(at)
    }
    case 5: {
      const lines = text.split('\r\n')
      lines.splice(chance.below(lines.length), 0, chance.pick(lines))
      return lines.join('\r\n')
    }
    default: {
      const piece = chance.pick(pieces)
      return before + piece + text.slice(at + piece.length)
    }
  }
}

/** The same bytes in pieces of random length. */
export function split(bytes: Buffer, chance: Chance): Buffer[] {
  const parts: Buffer[] = []
  for (let start = 0; start < bytes.length; ) {
    const end = start + 1 + chance.below(chance.below(2) === 1 ? 3 : 60)
    parts.push(bytes.subarray(start, end))
    start = end
  }
  return parts
}
