import { expect, it } from 'vitest'
import { mask, maskedConfig } from './masking.ts'

it('masks what a schema calls sensitive and shows the rest', () => {
  const config = { inboundHeaders: [{ key: 'authorization', value: 'Bearer planted' }], outboundHeaders: [] }
  expect(maskedConfig('header-injection', config)).toEqual({
    inboundHeaders: [{ key: 'authorization', value: mask }],
    outboundHeaders: [],
  })
  expect(maskedConfig('api-key-auth', { key: 'x-api-key' })).toEqual({ key: 'x-api-key' })
})

it('shows nothing of a policy that it does not know', () => {
  expect(maskedConfig('from-the-future', { secret: 'planted' })).toBe(mask)
})
