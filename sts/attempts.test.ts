import { expect, test } from 'vitest'
import { Attempts } from './attempts.ts'

function wrong(attempts: Attempts, key: string, times: number, now: number): void {
  for (let count = 0; count < times; count++) expect(attempts.begin(key, now)).toBe(0)
}

test('five attempts are free, then each doubles the wait', () => {
  const attempts = new Attempts(5)
  wrong(attempts, 'a', 5, 0)
  expect(attempts.begin('a', 0)).toBe(15_000)
  expect(attempts.begin('a', 15_000)).toBe(0)
  expect(attempts.begin('a', 15_000)).toBe(30_000)
  expect(attempts.begin('b', 0)).toBe(0)
})

test('a right password and half an hour of quiet forgive', () => {
  const attempts = new Attempts(5)
  wrong(attempts, 'a', 5, 0)
  attempts.succeeded('a')
  wrong(attempts, 'a', 5, 0)
  wrong(attempts, 'a', 1, 31 * 60_000)
  expect(attempts.begin('a', 31 * 60_000)).toBe(0)
})

test('the wait never exceeds a quarter of an hour', () => {
  const attempts = new Attempts(5)
  let now = 0
  for (let count = 0; count < 40; count++) now += attempts.begin('a', now)
  expect(attempts.begin('a', now)).toBeLessThanOrEqual(15 * 60_000)
})

test('taking a right password back leaves the wrong ones counted', () => {
  const attempts = new Attempts(5)
  wrong(attempts, 'a', 5, 0)
  attempts.takeBack('a')
  wrong(attempts, 'a', 1, 0)
  expect(attempts.begin('a', 0)).toBe(15_000)
})
