import { expect, it } from 'vitest'
import { countdown, counted, spanInWords } from './spans.ts'

it('says a span in its largest unit, and never a negative one', () => {
  const spans = [-5_000, 1_000, 59_400, 60_000, 3_599_000, 7_200_000, 86_400_000]
  expect(spans.map(spanInWords)).toEqual([
    '0 seconds',
    '1 second',
    '59 seconds',
    '1 minute',
    '59 minutes',
    '2 hours',
    '1 day',
  ])
})

it('counts down by the second as long as anybody would wait for it', () => {
  expect([0, 65_900, 3_845_000, 3 * 86_400_000].map(countdown)).toEqual(['0:00', '1:05', '1:04:05', '3 days'])
})

it('counts one and many', () => {
  expect([counted(1, 'node'), counted(1_200, 'retry', 'retries')]).toEqual(['1 node', '1,200 retries'])
})
