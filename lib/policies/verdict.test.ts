import { describe, expect, it } from 'vitest'
import { describePolicy, type Policy } from '#policies/definition.ts'
import { policies } from '#policies/index.ts'
import { samples } from '#policies/samples.ts'
import { verdictOn } from './verdict.ts'

describe.each(policies.map((policy) => [policy.kind, policy as Policy] as const))('%s', (kind, policy) => {
  it('has samples to be tried with', () => expect(Object.keys(samples)).toContain(kind))

  it('says the same about a configuration after its defaults are written out', () => {
    const once = verdictOn(kind, samples[kind]?.full)
    expect(once.faults).toEqual([])
    expect(verdictOn(kind, once.config)).toEqual(once)
  })

  it('titles every field of its form', () => {
    const untitled = Object.entries(propertiesOf(describePolicy(policy).schema)).filter(
      ([, field]) => field['hidden'] !== true && typeof field['title'] !== 'string',
    )
    expect(untitled).toEqual([])
  })

  it('refuses a member that it does not know', () => {
    expect(verdictOn(kind, { ...samples[kind]?.full, fromTheFuture: 1 }).faults).not.toEqual([])
  })
})

it('has no good word for a policy that there is not', () => {
  expect(verdictOn('from-the-future', {})).toMatchObject({ config: null, faults: [{ pointer: '' }] })
})

function propertiesOf(schema: Record<string, unknown>): Record<string, Record<string, unknown>> {
  // JSON Schema as zod writes it: an object of schemas.
  return (schema['properties'] ?? {}) as Record<string, Record<string, unknown>>
}
