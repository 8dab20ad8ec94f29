import { describe, expect, it } from 'vitest'
import { broughtBy, isCertManagerDocument, nameFrom } from './files.ts'

const file = (name: string, text: string) => ({ name, bytes: new TextEncoder().encode(text) })
const pem = (label: string) => `-----BEGIN ${label}-----\nAAAA\n-----END ${label}-----`

describe('files that are dropped', () => {
  it('are taken together when a certificate and its key lie in two', () => {
    const brought = broughtBy([file('shop.crt', pem('CERTIFICATE')), file('shop.key', pem('PRIVATE KEY'))])
    expect(brought).toEqual({
      name: 'shop.crt, shop.key',
      content: { text: `${pem('CERTIFICATE')}\n${pem('PRIVATE KEY')}` },
    })
  })

  it('are sent as they are when they are no text, whatever their size', () => {
    const bytes = Uint8Array.from({ length: 20_000 }, (_, index) => (index * 7) % 256)
    const brought = broughtBy([{ name: 'shop.p12', bytes }])
    expect(brought).toEqual({
      name: 'shop.p12',
      content: { base64: Buffer.from(bytes).toString('base64') },
    })
  })

  it('are refused in words where they are too large, too many or none', () => {
    const binary = { name: 'a.p12', bytes: Uint8Array.of(0x30, 0x82, 0xff, 0xfe) }
    expect(broughtBy([])).toBe('There is no file.')
    expect(broughtBy([binary, binary])).toBe('A PKCS#12 or DER file is taken alone; drop one file.')
    expect(broughtBy([{ name: 'big.pem', bytes: new Uint8Array(1_000_001) }])).toBe(
      'big.pem has 1,000,001 bytes; 1,000,000 are taken at most.',
    )
  })

  it('give a name to what is imported', () => {
    expect(nameFrom('orders-server.pem')).toBe('orders-server')
    expect(nameFrom('shop.crt, shop.key')).toBe('shop')
    expect(nameFrom('shop.example.p12')).toBe('shop.example')
  })

  it('are told apart from what cert-manager is asked for', () => {
    const of = (text: string) => isCertManagerDocument({ name: 'x.yaml', content: { text } })
    expect(of('apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {}')).toBe(true)
    expect(of('apiVersion: v1\nkind: Secret\ndata: {}')).toBe(false)
    expect(of(pem('CERTIFICATE'))).toBe(false)
  })
})
