import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, it } from 'vitest'
import { ProblemError } from '../shell/problem-error.ts'
import { faultAt, FormProblem } from './form-dialog.tsx'

function refused(...pointers: string[]): ProblemError {
  return new ProblemError({
    title: 'The request is not as it should be',
    status: 400,
    code: 'request.invalid',
    detail: 'Some fields are wrong.',
    faults: pointers.map((pointer) => ({ pointer, detail: `wrong at ${pointer}` })),
  })
}

const shown = (problem: ProblemError | null, fields: string[]) =>
  renderToStaticMarkup(<FormProblem problem={problem} fields={fields} />)

describe('what the server refused of a form', () => {
  it('stands at its field, with what lies inside of it', () => {
    expect(faultAt(refused('/names/2'), '/names')).toBe('wrong at /names/2')
    expect(faultAt(refused('/name'), '/names')).toBeUndefined()
    expect(faultAt(null, '/name')).toBeUndefined()
  })

  it('is said as a whole where a part of it has no field that says it', () => {
    expect(shown(refused('/name', '/names/0'), ['/name', '/names'])).toBe('')
    expect(shown(refused('/name', '/owner'), ['/name'])).toContain('wrong at /owner')
    expect(shown(refused(), ['/name'])).toContain('Some fields are wrong.')
    expect(shown(null, ['/name'])).toBe('')
  })
})
