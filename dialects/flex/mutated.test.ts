import { describe, expect, it } from 'vitest'
import { numbersFrom } from '#domain/testing/random.ts'
import { readFlex } from './read.ts'
import { writeFlex } from './write.ts'

/** Folders that are nearly right: whatever is changed in them, reading ends with items or with faults that have places. */

function pem(kind: string) {
  return `-----BEGIN ${kind}-----\\nTUlJ\\n-----END ${kind}-----\\n`
}

const whole = `apiVersion: gateway.mulesoft.com/v1alpha1
kind: ApiInstance
metadata: { name: shop, namespace: travel, labels: { exposed: "yes" } }
spec:
  address: https://0.0.0.0:8443/shop
  tls:
    certificate: { secretName: server }
    clientValidation: { mode: STRICT, trustedCA: { secretName: ca }, subjectAltNames: ["spiffe://a/b"] }
    minVersion: "1.2"
  services:
    a:
      address: https://a.internal
      tls: { certificate: { secretName: server }, trustedCA: { secretName: ca }, cipherSuites: [TLS_AES_256_GCM_SHA384] }
      routes:
        - rules: [{ path: "/a(/.*)", methods: [GET] }]
          config: { destinationPath: /x }
    b: { address: "https://b.internal:9000", tls: { trustedCA: { secretName: ca }, serverName: b.example } }
  policies:
    - policyRef: { name: retry }
      targetRef: { kind: Service, name: b }
      config: { numRetries: 1 }
    - policyRef: { name: rate-limiting-flex }
      config: { rateLimits: [{ maximumRequests: 1, timePeriodInMilliseconds: 1000 }] }
      rules: [{ headers: { X-A: b } }]
---
apiVersion: gateway.mulesoft.com/v1alpha1
kind: PolicyBinding
metadata: { name: keys, namespace: travel }
spec:
  targetRef: { kind: Selector, selector: { labels: { exposed: "yes" } } }
  policyRef: { name: api-key-auth }
  config:
    apiKeys: { secretName: keys, tiers: [{ name: gold, clients: [shop], limits: [{ maximumRequests: 1, timePeriodInMilliseconds: 1 }] }] }
---
apiVersion: gateway.mulesoft.com/v1alpha1
kind: Configuration
metadata: { name: node }
spec: { timeouts: { streamIdleSeconds: 5 }, sharedStorage: { redis: { address: "c:1", DB: 3 } } }
---
apiVersion: v1
kind: Secret
metadata: { name: server, namespace: travel }
type: kubernetes.io/tls
stringData: { tls.crt: "${pem('CERTIFICATE')}", tls.key: "${pem('PRIVATE KEY')}" }
---
apiVersion: v1
kind: Secret
metadata: { name: ca, namespace: travel }
stringData: { ca.crt: "${pem('CERTIFICATE')}" }
---
apiVersion: v1
kind: Secret
metadata: { name: keys, namespace: travel }
type: hexgate.io/api-keys
data: { shop: c2hvcC1rZXktMQ== }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: server, namespace: travel }
spec: { secretName: server, duration: 90d, renewBefore: 30d, commonName: a, issuerRef: { name: i } }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: none, namespace: travel }
spec: { podSelector: {}, egress: [{ to: [{ namespaceSelector: {} }], ports: [{ port: 53, protocol: UDP }] }] }
`

const ports = {
  sha256: (text: string) => text.length.toString(16).padStart(64, '0'),
  ownCertificate: () => ({ crt: 'none', key: 'none' }),
  environment: () => undefined,
  allowLoopback: false,
}

const scraps = [
  '',
  '~',
  '[]',
  '{}',
  '0',
  '-1',
  'true',
  '"',
  '*a',
  '&a ',
  'name: x',
  '\u0000',
  '9'.repeat(400),
  '(',
  'é',
]

function mutated(next: () => number): string {
  const pick = <T>(list: readonly T[]) => list[Math.floor(next() * list.length)]
  const lines = whole.split('\n')
  for (let change = 0; change <= next() * 3; change++) {
    const at = Math.floor(next() * lines.length)
    const line = lines[at] ?? ''
    const cut = Math.floor(next() * (line.length + 1))
    const words = line.match(/[\w./-]+/g) ?? ['']
    const kinds = [
      () => lines.splice(at, 1),
      () => lines.splice(at, 0, line),
      () => lines.splice(at, 1, line.slice(0, cut) + (pick(scraps) ?? '') + line.slice(cut)),
      () => lines.splice(at, 1, line.replace(pick(words) ?? '', pick(scraps) ?? '')),
      () => lines.splice(at, 1, line.replace(pick(words) ?? '', pick(whole.match(/[\w./-]+/g) ?? []) ?? '')),
    ]
    pick(kinds)?.()
  }
  return lines.join('\n')
}

describe('mutated folders', () => {
  it('are right as they stand', () => {
    const result = readFlex([{ file: 'a.yaml', text: whole }], ports)
    expect(result.ok ? [] : result.faults).toEqual([])
  })

  it('end with items that can be written or with faults that have a place, never otherwise', () => {
    const next = numbersFrom(20_260_101)
    let refused = 0
    for (let count = 0; count < 800; count++) {
      const text = mutated(next)
      const lines = text.split('\n').length
      const result = readFlex([{ file: 'a.yaml', text }], ports)
      if (result.ok) {
        const written = writeFlex(result.items)
        if (!written.ok) continue
        const again = readFlex([{ file: 'b.yaml', text: written.text }], ports)
        expect(again.ok ? [] : [again.faults, text, written.text]).toEqual([])
        continue
      }
      refused++
      expect(result.faults.length).toBeGreaterThan(0)
      for (const { file, line, column, detail } of result.faults) {
        expect(file).toBe('a.yaml')
        expect(line).toBeGreaterThan(0)
        expect(line).toBeLessThanOrEqual(lines)
        expect(column).toBeGreaterThan(0)
        expect(detail).not.toBe('')
      }
    }
    expect(refused).toBeGreaterThan(300)
  })
})
