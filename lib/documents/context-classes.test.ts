import { describe, expect, it } from 'vitest'
import type { NetworkClass } from '#domain/network.ts'
import { classOf, runByOf } from './context-classes.ts'
import { clientNamed } from './plan-clients.ts'

const here = (runBy: string, ...classes: NetworkClass[]) => ({
  trusted: new Map([['ca', { name: 'CA', runBy, contexts: classes.map((one) => ({ class: one })) }]]),
  hashOf: (pem: string) => pem,
})
const context = { name: 'White', authorities: [{ name: 'CA', pem: 'ca' }] }

describe('the class of a context that documents do not say', () => {
  it.each([
    ['is that of the contexts here that trust its CA', here('organisation', 'org-external'), 'org-external'],
    ['is grey where a third party runs its CA', here('third-party', 'org-internal'), 'non-org-external'],
  ] as const)('%s', (_, known, expected) => {
    expect(classOf(context, known)).toMatchObject({ class: expected, isPresumed: false })
  })

  it('is presumed, and said to be, where its CA is unknown or used in contexts of several classes', () => {
    const unknown = { trusted: new Map(), hashOf: (pem: string) => pem }
    for (const known of [unknown, here('organisation', 'org-external', 'org-internal')])
      expect(classOf(context, known)).toMatchObject({ class: 'org-internal', isPresumed: true })
  })

  it('is what was chosen, whatever is known', () => {
    const choices = [{ name: 'White', class: 'org-external' as const }]
    expect(classOf(context, here('third-party'), choices)).toMatchObject({ class: 'org-external' })
  })

  it('makes a CA a third party’s where every context that trusts it is for one', () => {
    const of = (cls: NetworkClass) => ({ class: cls, because: '', isPresumed: false, pems: ['ca'] })
    expect(runByOf('ca', [of('non-org-external')])).toBe('third-party')
    expect(runByOf('ca', [of('non-org-external'), of('org-internal')])).toBe('organisation')
    expect(runByOf('other', [of('non-org-external')])).toBe('organisation')
  })
})

describe('a consumer that a certificate names', () => {
  it.each([
    ['spiffe://cluster.local/ns/shop/sa/web', 'shop/web', 'shop'],
    ['web.shop.svc.cluster.local', 'shop/web', 'shop'],
    ['web.shop.svc', 'shop/web', 'shop'],
    ['spiffe://acme/web', 'spiffe://acme/web', null],
    ['web.example', 'web.example', null],
  ])('%s is %s', (identity, name, namespace) => {
    expect(clientNamed(identity)).toEqual({ name, identity, namespace })
  })
})
