import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, it } from 'vitest'
import type { ExpiryEntry, Standing } from '#domain/expiry.ts'
import { facts, inDays, now } from '#domain/testing/certificates.ts'
import { CertificateChain } from './certificate-chain.tsx'
import { ExpiryTable } from './expiry-table.tsx'
import { ExpiryTimeline } from './expiry-timeline.tsx'
import { shortName } from './looks.ts'
import { namesIn } from './names-field.tsx'

/** What a reader sees, without the marks of the markup. */
function textOf(markup: string): string {
  return markup
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll('&#x27;', "'")
    .replaceAll(/\s+/g, ' ')
}

function entry(change: Partial<ExpiryEntry> = {}): ExpiryEntry {
  return {
    id: 'certificate edge',
    about: { kind: 'certificate', id: 'edge', name: 'edge' },
    apiId: null,
    towards: null,
    kind: 'server',
    ends: {
      state: 'expiring',
      daysLeft: 12,
      notBefore: inDays(-78),
      notAfter: inDays(12),
      subject: 'CN=edge.internal,O=Acme',
      issuer: 'CN=Acme Internal CA,O=Acme',
      names: ['edge.internal'],
      first: null,
    },
    contexts: [{ id: 'c', name: 'Edge' }],
    breaks: { apis: 7, consumers: 12, legs: 9 },
    renewalMethod: 'manual',
    isRequested: false,
    ...change,
  }
}

const inPolicy = entry({
  id: 'api orders its clients',
  about: { kind: 'api', id: 'orders', name: 'Orders' },
  apiId: 'a1',
  towards: 'its clients',
  kind: null,
  contexts: [],
  renewalMethod: null,
})
const ca = entry({ id: 'authority ca', about: { kind: 'authority', id: 'ca', name: 'Acme CA' }, kind: 'ca' })
const asked = entry({
  id: 'asked',
  ends: null,
  isRequested: true,
  breaks: { apis: 0, consumers: 0, legs: 0 },
})

describe('the list', () => {
  const markup = renderToStaticMarkup(
    <ExpiryTable entries={[entry(), inPolicy, ca, asked]} rotate={() => undefined} />,
  )

  it('says of each how long, of which kind, by whom, for whom, and what fails', () => {
    const text = textOf(markup)
    for (const part of [
      '12 days expiring 2026-06-13',
      'server certificate, edge.internal',
      'Acme Internal CA Edge 7 APIs, 12 consumers, 9 legs',
      'in a policy, towards its clients',
      'in the policies',
      'requested',
      'nothing uses it',
    ])
      expect(text).toContain(part)
  })

  it('leads to a certificate, to its CA, and to the policies that hold one', () => {
    for (const href of ['/certificates/edge', '/authorities/ca', '/catalog/a1/policies?instance=orders'])
      expect(markup).toContain(`href="${href}"`)
  })

  it('offers to rotate what is renewed here, and nothing to those who may not', () => {
    expect(markup.match(/aria-label="Rotate /g)).toHaveLength(2)
    const readOnly = renderToStaticMarkup(<ExpiryTable entries={[entry()]} rotate={null} />)
    expect(readOnly).not.toContain('Rotate')
  })
})

it('the timeline says each month in words, for those who see no colour and no blocks', () => {
  const unused = entry({ id: 'unused', breaks: { apis: 0, consumers: 0, legs: 0 } })
  const markup = renderToStaticMarkup(
    <ExpiryTimeline
      list={{ at: now.toISOString(), entries: [entry(), unused, asked] }}
      chosen={null}
      choose={() => undefined}
    />,
  )
  const text = textOf(markup)
  expect(text).toContain('June 2026: 2 certificates, something fails with 1 of them, 2 need somebody')
  expect(text).toContain('Ended: nothing')
  expect(markup.match(/<li/g)).toHaveLength(14)
})

describe('the chain', () => {
  const link = (subject: string, isSent: boolean): Standing['chain']['links'][number] => ({
    ...facts(subject),
    state: 'valid',
    daysLeft: 300,
    isSent,
  })
  const said = (chain: Partial<Standing['chain']>) =>
    textOf(
      renderToStaticMarkup(
        <CertificateChain
          chain={{ links: [link('CN=edge', true)], anchor: null, missing: null, known: null, ...chain }}
        />,
      ),
    )

  it('ends at a CA that is trusted, which is not sent', () => {
    const text = said({
      links: [link('CN=edge', true), link('CN=Issuing', true), link('CN=Root', false)],
      anchor: { id: 'root', name: 'Acme root' },
    })
    expect(text).toMatch(/CN=edge.*shown.*CN=Issuing.*sent along.*CN=Root.*trusted, not sent/)
    expect(text).toContain('Ends at Acme root, which is trusted here.')
  })

  it('has a place for what is missing, and says where it is to be had', () => {
    const missing = 'CN=Issuing'
    expect(said({ missing })).toContain('CN=Issuing missing: unknown authority')
    expect(said({ missing, known: missing })).toContain('is known here and not sent with it')
  })
})

describe('names', () => {
  it('are told apart by what they look like', () => {
    expect(namesIn('orders.internal 10.0.0.7,spiffe://acme/shop\nops@acme.example ::1')).toEqual([
      { type: 'dns', value: 'orders.internal' },
      { type: 'ip', value: '10.0.0.7' },
      { type: 'uri', value: 'spiffe://acme/shop' },
      { type: 'email', value: 'ops@acme.example' },
      { type: 'ip', value: '::1' },
    ])
  })

  it('of a subject are its common name, or all of it', () => {
    expect(shortName('CN=edge.internal,O=Acme')).toBe('edge.internal')
    expect(shortName('O=Acme,CN=Acme\\, Inc')).toBe('Acme, Inc')
    expect(shortName('O=Acme')).toBe('O=Acme')
  })
})
