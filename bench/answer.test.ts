import { describe, expect, it } from 'vitest'
import { AnswerReader } from './answer.ts'

const good = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'
const bad = 'HTTP/1.1 503 No\r\nContent-Length: 5\r\n\r\nsorry'

describe('AnswerReader', () => {
  it('knows the end of an answer however it is cut, and of the next one', () => {
    for (let at = 1; at < good.length; at++) {
      const reader = new AnswerReader()
      expect(reader.take(Buffer.from(good.slice(0, at)))).toBeUndefined()
      expect(reader.take(Buffer.from(good.slice(at)))).toBe(true)
      expect(reader.take(Buffer.from(good))).toBe(true)
    }
  })

  it('does not take an answer for good that is only as long as a good one', () => {
    const reader = new AnswerReader()
    expect(good.length).toBe(bad.length)
    expect(reader.take(Buffer.from(good))).toBe(true)
    expect(reader.take(Buffer.from(bad))).toBe(false)
    expect(reader.take(Buffer.from(good))).toBe(true)
  })

  it('looks at as many bytes as it is told, whatever lies behind them', () => {
    const buffer = Buffer.from(`${good}of another answer`)
    expect(new AnswerReader().take(buffer, good.length)).toBe(true)
  })
})
