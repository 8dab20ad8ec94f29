import { describe, expect, it } from 'vitest'
import { canonicalJson, type Hashes, inOrder, itemsJson } from './manifest.ts'
import { changeBetween, changed, changedJson, changedWithJson } from './manifest-delta.ts'

const hashOf = (letter: string) => letter.repeat(64)
const hashes = (ids: readonly string[]): Hashes => Object.fromEntries(ids.map((id) => [id, hashOf('a')]))

/** Ids that stand in another order for a dictionary, a number or an engine than for canonical JSON. */
const odd = [
  ['b', 'a'],
  ['10', '9'],
  ['9', '10', 'a'],
  ['é', 'z'],
  ['\u{1F600}', '\uFFFD'],
  ['a"b', 'a,b', 'a\\b'],
  ['__a', 'A'],
]

describe('the canonical JSON of the items of a manifest', () => {
  it.each([[[]], ...odd.map((ids) => [ids])])(
    'is that of the general rule for %j, in whatever order they stand',
    (ids) => {
      for (const given of [ids, ids.toReversed(), ids.toSorted()]) {
        expect(itemsJson(hashes(given))).toBe(canonicalJson(hashes(given)))
        expect(itemsJson(inOrder(hashes(given)))).toBe(canonicalJson(hashes(given)))
      }
    },
  )

  it('is none where an id is no text', () => {
    expect(() => itemsJson({ '\ud800': hashOf('a') })).toThrow()
  })
})

describe('what differs between two manifests', () => {
  const before = { 'api:a': hashOf('1'), 'api:b': hashOf('2'), 'listener:x': hashOf('3') }
  const after = { 'api:0': hashOf('4'), 'api:b': hashOf('5'), 'listener:x': hashOf('3') }

  it('names what is new, what has changed and what is gone, and nothing else', () => {
    expect(changeBetween(before, after)).toEqual({
      set: { 'api:0': hashOf('4'), 'api:b': hashOf('5') },
      removed: ['api:a'],
    })
    expect(changeBetween(before, before)).toEqual({ set: {}, removed: [] })
  })

  it.each([...odd, [',', ':', ',":"', 'a', 'a,']])(
    'is put into the text where it belongs, and nowhere else, among %j %j',
    (...ids) => {
      const first = inOrder(hashes(ids))
      for (const id of ids) {
        const change = { set: { [id]: hashOf('b') }, removed: [] }
        const text = changedJson(itemsJson(first), change)
        expect(text).toBe(canonicalJson({ ...first, ...change.set }))
        expect(itemsJson(changedWithJson(first, change))).toBe(text)
      }
    },
  )

  it('is not put into the text where items come or go', () => {
    const text = itemsJson(before)
    expect(changedJson(text, { set: { 'api:0': hashOf('4') }, removed: [] })).toBeUndefined()
    expect(changedJson(text, { set: {}, removed: ['api:a'] })).toBeUndefined()
    const coming = { set: { 'api:0': hashOf('4') }, removed: ['api:a'] }
    expect(itemsJson(changedWithJson(before, coming))).toBe(canonicalJson(changed(before, coming)))
  })

  it('makes of one the other, to the byte', () => {
    for (const [from, to] of [
      [before, after],
      [after, before],
      [{}, after],
      [after, {}],
    ] as const)
      expect(itemsJson(changed(from, changeBetween(from, to)))).toBe(canonicalJson(to))
  })
})
