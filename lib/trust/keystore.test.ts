import { createPrivateKey, X509Certificate } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { CertificateFacts } from '#domain/certificate.ts'
import { Problem } from '#domain/problem.ts'
import { makeAuthority, makeKey } from './issue.ts'
import { type Content, content, readAuthority, readKeystore } from './keystore.ts'
import { readPkcs12 } from './pkcs12.ts'
import { fileBase64, fileText } from './testing/files.ts'

const shop = { subject: 'CN=shop.example', issuer: 'CN=Fixture Intermediate' }

async function texts(...names: string[]): Promise<Content> {
  return { text: (await Promise.all(names.map(fileText))).join('') }
}

async function faultOf(read: Promise<unknown>) {
  const error = await read.then(
    () => undefined,
    (problem: unknown) => problem,
  )
  if (!(error instanceof Problem)) throw error ?? new Error('nothing was refused')
  expect(error.code).toBe('certificate.unreadable')
  const { pointer, detail, line } = error.faults[0] ?? {}
  return line === undefined ? `${pointer} ${detail}` : `${pointer}:${line} ${detail}`
}

function subjects(chain: readonly CertificateFacts[]): string[] {
  return chain.map(({ subject }) => subject)
}

describe('a chain with its key', () => {
  it.each([
    ['leaf first', ['ec.crt', 'intermediate.crt', 'ec-sec1.key']],
    ['in any order, with the root', ['ec-sec1.key', 'root.crt', 'intermediate.crt', 'ec.crt']],
    ['with repetitions', ['ec.crt', 'ec.crt', 'intermediate.crt', 'ec-sec1.key', 'intermediate.crt']],
    ['in the trusted form of OpenSSL', ['ec-trusted.crt', 'intermediate.crt', 'ec-sec1.key']],
  ])('is read as PEM %s', async (_, names) => {
    const { chain, pem, key } = await readKeystore(await texts(...names))
    expect(subjects(chain)).toEqual(['CN=shop.example', 'CN=Fixture Intermediate'])
    expect(new X509Certificate(pem).checkPrivateKey(createPrivateKey(key?.reveal() ?? ''))).toBe(true)
    expect(key?.reveal()).toContain('-----BEGIN PRIVATE KEY-----')
    expect(pem.match(/BEGIN CERTIFICATE/g)).toHaveLength(2)
  })

  it.each([
    ['ec-modern.p12', 2],
    ['rsa-modern.p12', 2],
    ['ed-modern.p12', 2],
    ['ec-rc2.p12', 2],
    ['rsa-3des.p12', 2],
    ['ec-java.p12', 2],
    ['ec-nomac.p12', 1],
  ])('is read out of %s', async (name, length) => {
    const { chain, pem, key } = await readKeystore({ base64: await fileBase64(name), password: 'geheim' })
    expect(chain[0]).toMatchObject(shop)
    expect(chain).toHaveLength(length)
    expect(new X509Certificate(pem).checkPrivateKey(createPrivateKey(key?.reveal() ?? ''))).toBe(true)
  })

  it('is read out of a PKCS#12 file with an empty password, given or not', async () => {
    const base64 = await fileBase64('ec-empty.p12')
    for (const more of [{}, { password: '' }])
      expect((await readKeystore({ base64, ...more })).key).not.toBeNull()
  })

  it.each(['rsa-pkcs1.key', 'ec-encrypted.key', 'ec-sec1-encrypted.key'])(
    'comes with the key of %s',
    async (name) => {
      const crt = name.startsWith('rsa') ? 'rsa.crt' : 'ec.crt'
      const { key } = await readKeystore({ ...(await texts(crt, name)), password: 'geheim' })
      expect(key).not.toBeNull()
    },
  )

  it('is read without a key, as PEM, as DER and out of PKCS#12', async () => {
    const ways: Content[] = [
      await texts('ec.crt'),
      { base64: await fileBase64('ec.crt') },
      { base64: await fileBase64('ec.der') },
      { base64: await fileBase64('nokey.p12'), password: 'geheim' },
    ]
    for (const way of ways) {
      const { chain, key } = await readKeystore(way)
      expect(chain[0]).toMatchObject(shop)
      expect(key).toBeNull()
    }
  })

  it('is read out of a Secret, as YAML with base64, with plain text, and as JSON', async () => {
    const [crt, key] = await Promise.all([fileText('ec.crt'), fileText('ec-sec1.key')])
    const base64 = (text: string) => Buffer.from(text).toString('base64')
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'shop', creationTimestamp: null, managedFields: [] },
      type: 'kubernetes.io/tls',
    }
    const data = {
      'tls.crt': base64(crt),
      'tls.key': base64(key),
      'ca.crt': base64(await fileText('root.crt')),
    }
    const yaml = `apiVersion: v1\nkind: Secret\nmetadata:\n  name: shop\nstringData:\n  tls.crt: |\n${indented(crt)}  tls.key: |\n${indented(key)}`
    for (const text of [JSON.stringify({ ...secret, data }), `# from the cluster\n---\n${yaml}`])
      expect(await readKeystore({ text })).toMatchObject({ chain: [shop], key: expect.anything() })
    const { certificate } = await readAuthority({ text: JSON.stringify({ ...secret, data }) })
    expect(certificate.subject).toBe('O=Hexgate,CN=Fixture Root')
    const keystore = { 'keystore.p12': await fileBase64('ec-modern.p12') }
    const container = JSON.stringify({ ...secret, data: keystore })
    expect(await readKeystore({ text: container, password: 'geheim' })).toMatchObject({ chain: [shop, {}] })
  })
})

describe('what is wrong is said in words, and where', () => {
  it.each([
    ['nothing of the sort', ['README.md'], '/content/text This is neither PEM nor a Secret of Kubernetes.'],
    ['a key alone', ['ec-sec1.key'], '/content/text There is no certificate.'],
    [
      'two keys',
      ['ec.crt', 'ec-sec1.key', 'rsa-pkcs1.key'],
      '/content/text There are 2 private keys; give one.',
    ],
    [
      'a key of something else',
      ['ec.crt', 'rsa-pkcs1.key'],
      '/content/text The private key does not fit the certificate in line 1 (CN=shop.example).',
    ],
    [
      'a key that none has',
      ['ec.crt', 'intermediate.crt', 'rsa-pkcs1.key'],
      '/content/text The private key fits none of the 2 certificates.',
    ],
    [
      'an encrypted key',
      ['ec.crt', 'ec-encrypted.key'],
      '/content/password The private key in line 14 is encrypted; give its password.',
    ],
    [
      'an encrypted key of the old form',
      ['ec.crt', 'ec-sec1-encrypted.key'],
      '/content/password The private key in line 14 is encrypted; give its password.',
    ],
    [
      'two leaves',
      ['ec.crt', 'rsa.crt', 'intermediate.crt'],
      '/content/text There are several chains, that of certificate 1 of 3 in line 1 (CN=shop.example) and that of certificate 2 of 3 in line 14 (CN=shop.example); give one.',
    ],
    [
      'a stranger beside the chain',
      ['ec.crt', 'ec-sec1.key', 'rsa.crt'],
      '/content/text Certificate 2 of 2 in line 22 (CN=shop.example) does not belong to the chain of certificate 1 of 2 in line 1 (CN=shop.example).',
    ],
    [
      'a request',
      ['ec.csr'],
      '/content/text:1 In line 1 there is a certificate request, not a certificate: have it signed first.',
    ],
  ])('%s', async (_, names, fault) => {
    expect(await faultOf(readKeystore(await texts(...names)))).toBe(fault)
  })

  it('a certificate that is damaged or cut off', async () => {
    const crt = await fileText('ec.crt')
    const damaged = crt.replace(/(BEGIN CERTIFICATE-----\n.{20})..../, '$1AAAA')
    expect(await faultOf(readKeystore({ text: damaged }))).toBe(
      '/content/text:1 The certificate in line 1 cannot be read.',
    )
    expect(await faultOf(readKeystore({ text: `\n${crt.slice(0, 300)}` }))).toBe(
      '/content/text:2 What begins in line 2 as CERTIFICATE does not end.',
    )
    expect(await faultOf(readKeystore({ text: crt.slice(0, 300) + crt }))).toBe(
      '/content/text:1 What begins in line 1 as CERTIFICATE does not end.',
    )
  })

  it('a file that is nothing, that needs a password, or another one', async () => {
    const nothing = Buffer.from('not a file of that kind').toString('base64')
    expect(await faultOf(readKeystore({ base64: nothing }))).toBe(
      '/content/base64 This is neither a certificate nor a PKCS#12 file, or the file is damaged.',
    )
    const base64 = await fileBase64('ec-modern.p12')
    expect(await faultOf(readKeystore({ base64 }))).toBe(
      '/content/password The PKCS#12 file needs a password.',
    )
    expect(await faultOf(readKeystore({ base64, password: 'Geheim' }))).toBe(
      '/content/password The PKCS#12 file does not open with that password.',
    )
    const cut = base64.slice(0, 800)
    expect(await faultOf(readKeystore({ base64: cut, password: 'geheim' }))).toMatch(/file is damaged\.$/)
  })

  it('a wrong password of a key', async () => {
    const given = { ...(await texts('ec.crt', 'ec-encrypted.key')), password: 'Geheim' }
    expect(await faultOf(readKeystore(given))).toBe(
      '/content/password The private key in line 14 does not open with that password.',
    )
  })

  it('a Secret that has nothing, is several, or is not base64', async () => {
    const secret = (more: string) => `apiVersion: v1\nkind: Secret\nmetadata: { name: a }\n${more}`
    expect(await faultOf(readKeystore({ text: secret('') }))).toBe(
      '/content/text The Secret has neither tls.crt and tls.key nor keystore.p12.',
    )
    expect(await faultOf(readKeystore({ text: `${secret('')}---\n${secret('')}` }))).toBe(
      '/content/text There are 2 Secrets; give one.',
    )
    expect(await faultOf(readKeystore({ text: secret('data: { tls.crt: "*" }') }))).toBe(
      '/content/text Tls.crt of the Secret is not base64.',
    )
  })

  it('never with anything of a key in it', async () => {
    const key = await fileText('ec-sec1.key')
    const broken = key.replace('MHcC', 'AAAA')
    const said = await faultOf(readKeystore({ text: broken + (await fileText('ec.crt')) }))
    expect(said).toBe('/content/text The private key in line 4 cannot be read.')
    for (const line of key.split('\n').filter((each) => each.length > 30)) expect(said).not.toContain(line)
  })

  it('where it is too much', async () => {
    const many: string[] = []
    for (let index = 0; index < 11; index++)
      many.push((await makeAuthority({ commonName: `CA ${index}` }, 60_000)).certificate)
    expect(await faultOf(readKeystore({ text: many.join('') }))).toBe(
      '/content/text There are 11 certificates; a chain has 10 at most.',
    )
    expect(content.safeParse({ text: 'x'.repeat(1_000_001) }).success).toBe(false)
    expect(content.safeParse({}).success).toBe(false)
    expect(content.safeParse({ text: '', base64: '' }).success).toBe(false)
  })
})

describe('a PKCS#12 file whose password is hashed without end', () => {
  it('is given up at the deadline, and others are read meanwhile', async () => {
    const slow = Buffer.from(await fileBase64('ec-slow.p12'), 'base64')
    const begun = performance.now()
    const [outcome] = await Promise.all([
      readPkcs12(slow, 'geheim', { deadlineMs: 1_500, heapMegabytesMax: 128 }),
      readKeystore({ base64: await fileBase64('ec-modern.p12'), password: 'geheim' }),
    ])
    expect(outcome).toEqual({ fault: 'deadline' })
    expect(performance.now() - begun).toBeLessThan(20_000)
  })
})

describe('an authority', () => {
  it('is one certificate of a CA, with or without its key', async () => {
    const { certificate, key } = await makeAuthority(
      { commonName: 'Root', organisation: 'Acme, "Inc"' },
      60_000,
    )
    const alone = await readAuthority({ text: certificate })
    expect(alone).toMatchObject({ key: null, certificate: { isCa: true, selfSigned: true } })
    expect(alone.certificate.subject).toBe('CN=Root,O=Acme\\, \\"Inc\\"')
    expect((await readAuthority({ text: certificate + key.reveal() })).key?.reveal()).toBe(key.reveal())
    expect(await faultOf(readAuthority({ text: certificate + makeKey().reveal() }))).toMatch(
      /The private key does not fit the certificate in line 1/,
    )
  })

  it('is neither a leaf nor several', async () => {
    expect(await faultOf(readAuthority(await texts('ec.crt')))).toBe(
      '/content/text The certificate in line 1 (CN=shop.example) is not that of a CA.',
    )
    expect(await faultOf(readAuthority(await texts('root.crt', 'intermediate.crt')))).toBe(
      '/content/text There are 2 certificates; give that of one CA, without its issuers.',
    )
  })
})

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '    ')
}
