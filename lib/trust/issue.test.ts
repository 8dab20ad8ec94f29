import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer } from 'node:tls'
import type { AddressInfo } from 'node:net'
import { beforeAll, describe, expect, it } from 'vitest'
import { pathFrom } from '#domain/certificate.ts'
import { Problem } from '#domain/problem.ts'
import { Secret } from '#domain/secret.ts'
import { issue, type Issuer, makeAuthority, makeKey, makeRequest, readRequest } from './issue.ts'
import { fileText } from './testing/files.ts'
import { factsOf, isIssuedBy, issuedAmong } from './x509.ts'

const dayMs = 86_400_000
const names = [
  { type: 'dns', value: 'shop.example' },
  { type: 'uri', value: 'spiffe://acme.example/ns/shop/sa/web' },
  { type: 'ip', value: '127.0.0.1' },
  { type: 'ip', value: '2001:db8::1' },
  { type: 'email', value: 'shop@acme.example' },
] as const

let root: Issuer
let intermediate: Issuer

beforeAll(async () => {
  root = await makeAuthority({ commonName: 'Root', organisation: 'Acme' }, 100 * dayMs)
  intermediate = await makeAuthority({ commonName: 'Intermediate' }, 50 * dayMs, root)
})

const publicOf = (key: Secret) => createPublicKey(key.reveal())
const read = (pem: string) => new X509Certificate(pem)

function leaf(kind: 'server' | 'client', key: Secret, lifetimeMs = 10 * dayMs) {
  const subject = { commonName: 'shop', organisation: 'Acme' }
  return issue({ kind, subject, names, lifetimeMs }, publicOf(key), intermediate)
}

describe('a certificate that is issued here', () => {
  it('says what was wished, in the words that the data plane reads', async () => {
    const facts = factsOf(read(await leaf('server', makeKey())))
    expect(facts).toMatchObject({
      subject: 'CN=shop,O=Acme',
      issuer: 'CN=Intermediate',
      names,
      isCa: false,
      key: { algorithm: 'EC', bits: 256 },
      extendedKeyUsages: ['serverAuth'],
      selfSigned: false,
      authorityKeyId: factsOf(read(intermediate.certificate)).subjectKeyId,
    })
    const lasts = Date.parse(facts.notAfter) - Date.now()
    expect(lasts).toBeGreaterThan(9.9 * dayMs)
    expect(lasts).toBeLessThanOrEqual(10 * dayMs)
    expect(Date.parse(facts.notBefore)).toBeLessThan(Date.now())
  })

  it('never outlives its issuer', async () => {
    const facts = factsOf(read(await leaf('client', makeKey(), 1_000 * dayMs)))
    expect(facts.notAfter).toBe(factsOf(read(intermediate.certificate)).notAfter)
    expect(facts.extendedKeyUsages).toEqual(['clientAuth'])
  })

  it('leads to the root by names, key ids and signatures', async () => {
    const chain = [await leaf('server', makeKey()), intermediate.certificate, root.certificate].map(read)
    const facts = chain.map(factsOf)
    const [first, ...rest] = facts
    if (first === undefined) throw new Error('no leaf')
    const trusted = rest.filter(({ selfSigned }) => selfSigned)
    expect(pathFrom(first, rest, trusted, issuedAmong(chain))).toMatchObject({ anchor: trusted[0] })
    const stranger = await makeAuthority({ commonName: 'Root', organisation: 'Acme' }, dayMs)
    expect(isIssuedBy(read(intermediate.certificate), read(stranger.certificate))).toBe(false)
    expect(pathFrom(first, rest, [factsOf(read(stranger.certificate))], issuedAmong(chain)).anchor).toBeNull()
  })

  it('is taken by OpenSSL on both sides of a connection', async () => {
    const [serverKey, clientKey] = [makeKey(), makeKey()]
    const chain = (pem: string) => pem + intermediate.certificate
    const server = createServer(
      {
        key: serverKey.reveal(),
        cert: chain(await leaf('server', serverKey)),
        ca: root.certificate,
        requestCert: true,
        rejectUnauthorized: true,
      },
      (socket) => socket.end('hello'),
    ).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const socket = connect({
      port: (server.address() as AddressInfo).port,
      host: '127.0.0.1',
      servername: 'shop.example',
      ca: root.certificate,
      key: clientKey.reveal(),
      cert: chain(await leaf('client', clientKey)),
    })
    const [text] = await once(socket, 'data')
    expect(String(text)).toBe('hello')
    socket.destroy()
    server.close()
  })

  it.each([
    ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['P-384', generateKeyPairSync('ec', { namedCurve: 'P-384' })],
    ['Ed25519', generateKeyPairSync('ed25519')],
  ])(
    'can come from a CA with a key of the kind %s, which was brought',
    async (_, { publicKey, privateKey }) => {
      const key = new Secret(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
      const subject = { commonName: 'Brought CA' }
      const wish = { kind: 'ca', subject, names: [], lifetimeMs: dayMs } as const
      const certificate = await issue(wish, publicKey, { certificate: '', key })
      const issued = await issue({ ...wish, kind: 'server' }, publicOf(makeKey()), { certificate, key })
      expect(isIssuedBy(read(issued), read(certificate))).toBe(true)
    },
  )

  it('has a name of its own however that is written', async () => {
    const odd = ['#1, "quoted" + <more>; a\\b = ü', ' with spaces ', '=CN=x']
    for (const commonName of odd) {
      const { certificate } = await makeAuthority({ commonName }, dayMs)
      expect(read(certificate).toLegacyObject().subject).toMatchObject({ CN: commonName })
    }
  })
})

describe('a request', () => {
  it('says what it asks for, and is signed by the key that it brings', async () => {
    const key = makeKey()
    const pem = await makeRequest({ subject: { commonName: 'shop' }, names }, key)
    const asked = await readRequest(pem, '/csr')
    expect(asked).toMatchObject({ commonName: 'shop', names })
    const issued = await issue(
      { kind: 'server', subject: { commonName: asked.commonName }, names: asked.names, lifetimeMs: dayMs },
      asked.publicKey,
      intermediate,
    )
    expect(read(issued).checkPrivateKey(createPrivateKey(key.reveal()))).toBe(true)
  })

  it('made by OpenSSL is read too', async () => {
    expect(await readRequest(await fileText('ec.csr'), '/csr')).toMatchObject({ commonName: 'shop.example' })
  })

  it.each([
    ['', 'There is no certificate request in PEM form.'],
    [
      '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----',
      'The request cannot be read.',
    ],
  ])('%j is none', async (pem, detail) => {
    await expect(readRequest(pem, '/csr')).rejects.toMatchObject({ faults: [{ pointer: '/csr', detail }] })
  })

  it('that was altered is refused', async () => {
    const pem = await fileText('ec.csr')
    const der = Buffer.from(pem.replaceAll(/-----[A-Z ]+-----|\s/g, ''), 'base64')
    der[der.indexOf('shop.example')] = 0x53
    const altered = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----`
    await expect(readRequest(altered, '/csr')).rejects.toThrow(Problem)
    await expect(readRequest(altered, '/csr')).rejects.toThrow('not signed by the key that it brings')
  })
})
