import { describe, expect, it } from 'vitest'
import { sameValue } from '#domain/chain.ts'
import {
  durationWords,
  type FormField,
  faultsIn,
  isGroup,
  readSchema,
  startValue,
  typedNumber,
  withMember,
} from './form-schema.ts'

const schema = {
  type: 'object',
  properties: {
    later: { type: 'string', title: 'Later', default: '', advanced: true },
    limit: { type: 'integer', minimum: 1, maximum: 10, default: 5 },
    secret: { hidden: true, not: {} },
    names: { type: 'array', minItems: 1, items: { type: 'string', minLength: 1 } },
    inside: {
      type: 'object',
      properties: { place: { type: 'string', enum: ['header', 'query'] } },
      required: ['place'],
    },
  },
  required: ['names'],
}

function form(): FormField & { type: 'group' } {
  const field = readSchema(schema)
  if (field.type !== 'group') throw new Error('not a group')
  return field
}

/** Passes every shown value through the same functions that the controls call, as if each was touched and left. */
function touched(field: FormField, value: unknown): unknown {
  switch (field.type) {
    case 'group':
      return field.members
        .filter((member) => !member.field.hidden && isGroup(value) && member.key in value)
        .reduce<unknown>(
          (group, { key, field: member }) =>
            withMember(group, key, touched(member, isGroup(group) ? group[key] : undefined)),
          value,
        )
    case 'list':
      return Array.isArray(value) ? value.map((item) => touched(field.item, item)) : value
    case 'number':
      return typedNumber(String(value))
    case 'choice':
      return field.options.find((option) => String(option) === String(value))
    case 'text':
    case 'boolean':
    case 'reference':
    case 'other':
      return value
  }
}

describe('a form from a schema', () => {
  it('puts what is required first and what is advanced last', () => {
    expect(form().members.map(({ key }) => key)).toEqual(['names', 'limit', 'secret', 'inside', 'later'])
  })

  it('titles fields that have no title by their name', () => {
    expect(readSchema({ type: 'integer' }, 'maximumRequests').title).toBe('Maximum requests')
  })

  it('keeps empty texts, zeroes, false and empty lists when every field is touched', () => {
    const value = { names: ['', 'b'], limit: 0, later: '', inside: { place: 'query' } }
    expect(touched(form(), value)).toEqual(value)
  })

  it('keeps hidden members and members that it does not know', () => {
    const value = { names: ['a'], secret: 1, fromTheFuture: { deep: [null] } }
    expect(touched(form(), value)).toEqual(value)
  })

  it('starts with what must be given and what has a default, and leaves the rest out', () => {
    const start = startValue(form())
    expect(start).toEqual({ names: [''], limit: 5, later: '' })
    expect(sameValue(start, JSON.parse(JSON.stringify(start)))).toBe(true)
  })
})

describe('mistakes', () => {
  it('are found where they are', () => {
    const faults = faultsIn(form(), { names: ['', 'b'], limit: 0, inside: { place: 'body' } })
    expect(faults).toEqual([
      { pointer: '/names/0', detail: 'must be given' },
      { pointer: '/limit', detail: 'must be at least 1' },
      { pointer: '/inside/place', detail: 'choose one' },
    ])
  })

  it('include what is required and absent, and a number that was emptied', () => {
    expect(faultsIn(form(), { limit: '' })).toEqual([
      { pointer: '/names', detail: 'must be given' },
      { pointer: '/limit', detail: 'must be given' },
    ])
  })

  it('are pointed at by RFC 6901, whatever the member is called', () => {
    const odd = readSchema({
      type: 'object',
      properties: { 'a/b~c': { type: 'string' } },
      required: ['a/b~c'],
    })
    expect(faultsIn(odd, {})).toEqual([{ pointer: '/a~1b~0c', detail: 'must be given' }])
  })
})

describe('a number field', () => {
  it.each([
    ['1000', 1_000],
    ['1 000', 1_000],
    ['1_000', 1_000],
    ['-2.5', -2.5],
    ['', ''],
    ['12x', '12x'],
    ['1e3', '1e3'],
  ])('reads %j as %j', (text, value) => expect(typedNumber(text)).toBe(value))

  it.each([
    ['timePeriodInMilliseconds', 60_000, '1 minute'],
    ['timePeriodInMilliseconds', 90_000, '90 seconds'],
    ['timeoutMs', 7_200_000, '2 hours'],
    ['timeoutMs', 1_500, '1500 milliseconds'],
    ['maxAgeSeconds', 86_400, '1 day'],
    ['maximumRequests', 60_000, null],
  ])('says %s %d as %s', (key, value, words) => expect(durationWords(key, value)).toBe(words))
})
