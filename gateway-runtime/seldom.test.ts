import { expect, it } from 'vitest'
import { seldom } from './seldom.ts'

it('passes on the first of a kind at once, then one in an interval with the number held back', () => {
  let now = 0
  const passed: [string, number][] = []
  const happen = seldom<{ code: string; detail: string }>(
    1_000,
    ({ detail }, heldBack) => passed.push([detail, heldBack]),
    () => now,
  )
  for (; now < 2_000; now += 100) happen({ code: 'a', detail: 'one' })
  happen({ code: 'a', detail: 'two' })
  expect(passed).toEqual([
    ['one', 0],
    ['one', 9],
    ['two', 0],
  ])
})

it('holds back nothing of a kind that it has not seen, however many there are', () => {
  let passed = 0
  const happen = seldom<{ code: string; detail: string }>(1_000, () => passed++)
  for (let i = 0; i < 5_000; i++) happen({ code: 'a', detail: String(i) })
  expect(passed).toBe(5_000)
})
