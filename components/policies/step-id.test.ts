import { expect, it } from 'vitest'
import { z } from 'zod'
import { newStepId } from './step-id.ts'

it('is a UUID of version 4, another one each time', () => {
  const ids = Array.from({ length: 50 }, newStepId)
  expect(new Set(ids).size).toBe(50)
  for (const id of ids) expect(z.uuid({ version: 'v4' }).safeParse(id).success).toBe(true)
})
