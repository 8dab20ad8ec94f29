import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { definePolicy, type Policy } from './definition.ts'
import {
  mapSecrets,
  mask,
  maskedConfig,
  withoutSecrets,
  withoutSecretsBeside,
  withStoredSecrets,
} from './secrets.ts'

const vault = definePolicy({
  kind: 'vault',
  policyVersion: '1.0.0',
  title: 'Vault',
  summary: 'Holds secrets.',
  category: 'identity',
  config: z.strictObject({
    key: z.string().default('').meta({ sensitive: true }),
    pair: z
      .union([z.strictObject({ user: z.string(), word: z.string().meta({ sensitive: true }) }), z.null()])
      .default(null),
    header: z.string().default('').meta({ confidential: true }),
    users: z
      .array(z.strictObject({ name: z.string(), password: z.string().meta({ sensitive: true }) }))
      .default([]),
  }),
  summarise: () => '',
  prepare: () => ({}),
})

vi.mock('./index.ts', () => ({
  policyOf: (kind: string) => (kind === 'vault' ? (vault as Policy) : undefined),
}))

const stored = {
  key: 'k-1',
  pair: { user: 'u', word: 'w-1' },
  users: [
    { name: 'ann', password: 'p-ann' },
    { name: 'bob', password: 'p-bob' },
  ],
}

describe('the secrets of a configuration', () => {
  it('are all that its schema calls sensitive, in lists and alternatives too', () => {
    expect(withoutSecrets('vault', stored)).toEqual({
      key: mask,
      pair: { user: 'u', word: mask },
      users: [
        { name: 'ann', password: mask },
        { name: 'bob', password: mask },
      ],
    })
  })

  it('are everything of a policy that nobody knows', () => {
    expect(withoutSecrets('gone', { a: 1 })).toBe(mask)
  })

  it('are hidden with what may be one where nobody knows who reads', () => {
    const config = { key: 'k-1', header: 'Bearer planted', users: [{ name: 'ann', password: 'p' }] }
    expect(maskedConfig('vault', config)).toEqual({
      key: mask,
      header: mask,
      users: [{ name: 'ann', password: mask }],
    })
    expect(withoutSecrets('vault', config)).toMatchObject({ header: 'Bearer planted' })
    expect(maskedConfig('gone', { secret: 'planted' })).toBe(mask)
  })

  it('say beside another configuration only that they differ', () => {
    const other = { ...stored, key: 'k-2', users: [] }
    expect(withoutSecretsBeside('vault', stored, other)).toMatchObject({
      key: `${mask} (another one)`,
      pair: { word: mask },
      users: [{ password: mask }, { password: mask }],
    })
  })

  it('leave what was not given as it is', () => {
    expect(mapSecrets('vault', { key: '', users: [] }, () => 'sealed')).toEqual({ key: '', users: [] })
  })

  it('come back where the mask stands, and only to what says the same otherwise', () => {
    const given = {
      key: mask,
      pair: { user: 'u', word: 'new' },
      users: [
        { name: 'bob', password: mask },
        { name: 'cid', password: mask },
      ],
    }
    const { config, missing } = withStoredSecrets('vault', given, stored)
    expect(config).toEqual({
      key: 'k-1',
      pair: { user: 'u', word: 'new' },
      users: [
        { name: 'bob', password: 'p-bob' },
        { name: 'cid', password: mask },
      ],
    })
    expect(missing).toEqual([['users', 1, 'password']])
  })

  it('never come from a mask that was stored', () => {
    expect(withStoredSecrets('vault', { key: mask }, { key: mask }).missing).toEqual([['key']])
  })
})
