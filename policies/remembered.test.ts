import { expect, it } from 'vitest'
import { Remembered } from './remembered.ts'

it('never holds more entries than it may, and forgets those that nobody asks for', () => {
  const remembered = new Remembered<number>(10)
  for (let i = 0; i < 1_000; i++) {
    remembered.set(`key ${i}`, i)
    expect(remembered.get('key 0')).toBe(0)
    expect(remembered.size).toBeLessThanOrEqual(10)
  }
  expect(remembered.get('key 998')).toBe(998)
  expect(remembered.get('key 900')).toBeUndefined()
})

it('never holds more characters than it may', () => {
  const remembered = new Remembered<number>(1_000, 1_000)
  for (let i = 0; i < 100; i++) remembered.set(String(i).padStart(100), i)
  expect(remembered.size).toBeLessThanOrEqual(10)
})

it('forgets what it is told to forget', () => {
  const remembered = new Remembered<number>(4)
  remembered.set('a', 1)
  remembered.set('b', 2)
  remembered.set('c', 3)
  remembered.delete('a')
  remembered.delete('c')
  expect([remembered.get('a'), remembered.get('b'), remembered.get('c')]).toEqual([undefined, 2, undefined])
})
