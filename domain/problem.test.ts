import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { Problem, problemDocument, problems } from './problem.ts'
import { Secret } from './secret.ts'

describe('problem documents', () => {
  it('cannot have their own members replaced by what a problem adds', () => {
    const problem = new Problem('write.stale', 'Version 2 is current.', {
      extra: { status: 200, code: 'fine', currentVersion: 2 },
    })
    expect(problemDocument(problem, 'r1')).toEqual({
      type: 'urn:hexgate:problem:write.stale',
      title: problems['write.stale'].title,
      status: 409,
      code: 'write.stale',
      detail: 'Version 2 is current.',
      currentVersion: 2,
      requestId: 'r1',
    })
  })

  it('carry their faults with pointers only where there are any', () => {
    const fault = { pointer: '/basePath', detail: 'must begin with /' }
    expect(problemDocument(new Problem('request.invalid', 'x', { faults: [fault] }), 'r')).toMatchObject({
      faults: [fault],
    })
    expect(problemDocument(new Problem('not-found', 'x'), 'r')).not.toHaveProperty('faults')
  })
})

describe('a secret', () => {
  it('shows dots however it is printed and gives its value only when asked', () => {
    const secret = new Secret('hunter2')
    const printed = [
      String(secret),
      // oxlint-disable-next-line typescript/restrict-template-expressions -- this is what may happen by mistake
      `${secret}`,
      JSON.stringify({ secret }),
      inspect(secret),
      inspect({ deep: [secret] }),
    ]
    for (const text of printed) expect(text).not.toContain('hunter2')
    expect(secret.reveal()).toBe('hunter2')
  })
})
