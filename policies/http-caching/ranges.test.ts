import { expect, it } from 'vitest'
import { isBeyondUs, mayBePartial, rangeOf } from './ranges.ts'

it.each([
  ['bytes=0-4', 0, 4],
  ['bytes=2-', 2, 9],
  ['bytes=-3', 7, 9],
  ['bytes=-30', 0, 9],
  ['bytes=5-5', 5, 5],
  ['bytes=9-999999999999999999999', 9, 9],
  ['Bytes = 0-0', 0, 0],
])('%s of ten bytes is %i to %i', (range, first, last) => {
  expect(rangeOf(range, 10)).toEqual({ first, last })
})

it.each(['bytes=10-', 'bytes=10-11', 'bytes=-0', 'bytes=99999999999999999999999-'])(
  '%s lies outside',
  (range) => expect(rangeOf(range, 10)).toBeNull(),
)

it.each(['bytes=', 'bytes=-', 'bytes=5-2', 'bytes=a-b', 'bytes=+1-2', 'bytes=1-2x', '0-1', ''])(
  '"%s" is none',
  (range) => expect(rangeOf(range, 10)).toBeUndefined(),
)

it('lies outside whatever is empty', () => {
  expect([rangeOf('bytes=0-', 0), rangeOf('bytes=-1', 0)]).toEqual([null, null])
})

it.each([
  ['bytes=0-1', false],
  ['bytes=0-1,3-4', true],
  ['items=0-1', true],
  ['bytes', true],
])('%s is left to the upstream: %s', (range, isLeft) => expect(isBeyondUs(range)).toBe(isLeft))

const changed = 'Thu, 01 Jan 2026 00:00:00 GMT'
const later = 'Thu, 01 Jan 2026 00:00:01 GMT'

it.each([
  [undefined, {}, true],
  ['"a"', { etag: '"a"' }, true],
  ['"a"', { etag: '"b"' }, false],
  ['W/"a"', { etag: 'W/"a"' }, false],
  ['"a"', { etag: 'W/"a"' }, false],
  [changed, { 'last-modified': changed, date: later }, true],
  [changed, { 'last-modified': changed, date: changed }, false],
  [changed, { 'last-modified': changed }, false],
  [changed, { 'last-modified': later, date: later }, false],
  [changed, {}, false],
])('If-Range %s of %j lets a part be given: %s', (ifRange, fields, isPartial) => {
  expect(mayBePartial(ifRange, fields)).toBe(isPartial)
})
