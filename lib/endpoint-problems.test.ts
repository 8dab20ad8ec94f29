import { expect, it } from 'vitest'
import { toProblem } from './endpoint.ts'

it.each([
  'Raw query failed. Code: `57P01`. Message: `terminating connection due to unexpected postmaster exit`',
  'Raw query failed. Code: `57P02`. Message: `terminating connection because of crash of another server process`',
  "Can't reach database server at 127.0.0.1:5432",
  'Connection terminated unexpectedly',
])('a database that is away is told as one, whatever was under way: %s', (message) => {
  expect(toProblem(new Error(message))).toMatchObject({ code: 'database.unavailable', status: 503 })
})

it('what the database refuses is a fault of ours', () => {
  const refused = new Error('Raw query failed. Code: `23505`. Message: `duplicate key value`')
  expect(toProblem(refused)).toMatchObject({ code: 'internal', status: 500 })
})
