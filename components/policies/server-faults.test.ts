import { describe, expect, it } from 'vitest'
import { faultsBySteps } from './server-faults.ts'

const detail = 'is wrong'

describe('faults that the server names', () => {
  it('come to the fields of the steps that they are about, and the others elsewhere', () => {
    const faults = [
      { pointer: '/policies/1/config/certificate/key', detail },
      { pointer: '/policies/0/rules/0/path', detail },
      { pointer: '/policies/7/config', detail },
      { pointer: '/policies', detail },
      { pointer: '/host', detail },
    ]
    const { byStep, elsewhere } = faultsBySteps(faults, '/policies', ['a', 'b'])
    expect([...byStep]).toEqual([
      ['b', [{ pointer: '/certificate/key', detail }]],
      ['a', [{ pointer: '', detail }]],
    ])
    expect(elsewhere.map(({ pointer }) => pointer)).toEqual(['/policies/7/config', '/policies', '/host'])
  })

  it('are those of one API alone where they are about items', () => {
    const faults = ['api:1', 'api:10'].map((id) => ({ pointer: `/items/${id}/policies/0/config`, detail }))
    const { byStep, elsewhere } = faultsBySteps(faults, '/items/api:1/policies', ['a'])
    expect([...byStep]).toEqual([['a', [{ pointer: '', detail }]]])
    expect(elsewhere).toEqual([faults[1]])
  })
})
