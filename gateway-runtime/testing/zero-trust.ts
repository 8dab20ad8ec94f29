import { createServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { TLSSocket } from 'node:tls'
import { type Authority, createAuthority, type KeyAndCertificate } from './certificates.ts'
import type { Closing } from './world.ts'

/**
 * A folder of documents as zero-trust guides for gateways write them: TLS of clients and of upstreams with
 * certificates in Secrets, their monitoring, who renews them, and what the cluster lets through.
 */

export const spiffe = {
  phone: 'spiffe://cluster.local/ns/travel/sa/phone-app',
  partner: 'spiffe://cluster.local/ns/travel/sa/partner',
  stranger: 'spiffe://cluster.local/ns/travel/sa/reporting',
} as const

export interface Trust {
  readonly serverCa: Authority
  readonly clientCa: Authority
  readonly upstreamCa: Authority
  /** Of the gateway towards clients, and towards upstreams. */
  readonly server: KeyAndCertificate
  readonly upstreamClient: KeyAndCertificate
  /** Of the upstream. */
  readonly upstream: KeyAndCertificate
}

export async function createTrust(): Promise<Trust> {
  const [serverCa, clientCa, upstreamCa] = await Promise.all([
    createAuthority('Server CA'),
    createAuthority('Client CA'),
    createAuthority('Upstream CA'),
  ])
  const [server, upstreamClient, upstream] = await Promise.all([
    serverCa.issue({ subject: 'CN=bookings', names: ['dns:localhost', 'ip:127.0.0.1'], usage: 'server' }),
    upstreamCa.issue({ subject: 'CN=travel-gateway', names: ['dns:travel-gateway'], usage: 'client' }),
    upstreamCa.issue({ subject: 'CN=backend', names: ['dns:localhost', 'ip:127.0.0.1'], usage: 'server' }),
  ])
  return { serverCa, clientCa, upstreamCa, server, upstreamClient, upstream }
}

/** An upstream that talks to nobody without a certificate of the right CA, and says whom it saw and how. */
export async function startTrustingUpstream(
  trust: Trust,
  end: Closing,
  options: ServerOptions = {},
): Promise<string> {
  const server = createServer(
    {
      cert: trust.upstream.chain,
      key: trust.upstream.key,
      ca: trust.upstreamCa.certificate,
      requestCert: true,
      rejectUnauthorized: true,
      ...options,
    },
    (request, response) => {
      const { socket } = request
      const peer = socket instanceof TLSSocket ? tlsOf(socket) : undefined
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ url: request.url, headers: request.headers, ...peer }))
    },
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  end.add(() => {
    server.closeAllConnections()
    server.close()
  })
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function tlsOf(tls: TLSSocket) {
  return {
    client: tls.getPeerX509Certificate()?.subject,
    version: tls.getProtocol(),
    cipher: tls.getCipher().standardName,
  }
}

const base64 = (text: string) => Buffer.from(text).toString('base64')

function keyPairSecret(name: string, { chain, key }: KeyAndCertificate): string {
  return `apiVersion: v1
kind: Secret
metadata:
  name: ${name}
  namespace: travel
type: kubernetes.io/tls
data:
  tls.crt: ${base64(chain)}
  tls.key: ${base64(key)}
`
}

function authoritySecret(name: string, authority: Authority): string {
  return `apiVersion: v1
kind: Secret
metadata:
  name: ${name}
  namespace: travel
type: Opaque
data:
  ca.crt: ${base64(authority.certificate)}
`
}

/** The instance that asks its clients for certificates, and the Secrets of that side. */
export function inboundDocuments(trust: Trust, address: string, upstream: string): string {
  return `# Who may come in
apiVersion: gateway.mulesoft.com/v1alpha1
kind: ApiInstance
metadata:
  name: bookings-api
  namespace: travel
spec:
  address: ${address}
  services:
    upstream:
      address: ${upstream}
      tls:
        certificate:
          secretName: backend-client-cert
        trustedCA:
          secretName: backend-ca-cert
  tls:
    certificate:
      secretName: bookings-server-cert
    clientValidation:
      mode: STRICT
      trustedCA:
        secretName: callers-ca-cert
      subjectAltNames:
        - "${spiffe.phone}"
        - "${spiffe.partner}"
---
${keyPairSecret('bookings-server-cert', trust.server)}---
${authoritySecret('callers-ca-cert', trust.clientCa)}`
}

/** The instance that is about the way out, without a certificate towards clients. */
export function outboundInstance(address: string, upstream: string): string {
  return `apiVersion: gateway.mulesoft.com/v1alpha1
kind: ApiInstance
metadata:
  name: bookings-api-outbound
  namespace: travel
spec:
  address: ${address}
  services:
    upstream:
      address: ${upstream}
      tls:
        certificate:
          secretName: backend-client-cert
        trustedCA:
          secretName: backend-ca-cert
        minVersion: "1.2"
        cipherSuites:
          - TLS_AES_256_GCM_SHA384
          - TLS_CHACHA20_POLY1305_SHA256
          - TLS_AES_128_GCM_SHA256
`
}

export function outboundSecrets(trust: Trust): string {
  return `${keyPairSecret('backend-client-cert', trust.upstreamClient)}---
${authoritySecret('backend-ca-cert', trust.upstreamCa)}`
}

export const monitoring = `apiVersion: gateway.mulesoft.com/v1alpha1
kind: PolicyBinding
metadata:
  name: watch-certificates
  namespace: travel
spec:
  targetRef:
    kind: ApiInstance
    name: bookings-api
  policyRef:
    name: tls-certificate-monitoring
  config:
    expiryWarningDays: 30
    logLevel: INFO
    certificates:
      - name: bookings-server-cert
        type: server
        renewalMethod: cert-manager
        rotationWindow: 30
      - name: backend-client-cert
        type: client
        renewalMethod: cert-manager
        rotationWindow: 30
      - name: callers-ca-cert
        type: ca
        renewalMethod: manual
        rotationWindow: 90
`

export const renewal = `apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  name: bookings-server-cert
  namespace: travel
spec:
  secretName: bookings-server-cert
  duration: 90d
  renewBefore: 30d
  isCA: false
  privateKey:
    algorithm: ECDSA
    size: 256
  usages:
    - server auth
  dnsNames:
    - bookings.example
    - "*.bookings.example"
  issuerRef:
    name: travel-ca
    kind: ClusterIssuer
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  name: backend-client-cert
  namespace: travel
spec:
  secretName: backend-client-cert
  duration: 2160h
  renewBefore: 720h
  usages:
    - client auth
  commonName: travel-gateway
  issuerRef:
    name: travel-ca
    kind: ClusterIssuer
`

export const admission = `# Nobody reaches anything, unless it is said below
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: nothing-by-default
  namespace: travel
spec:
  podSelector: {}
  policyTypes:
    - Ingress
    - Egress
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: gateway-egress
  namespace: travel
spec:
  podSelector:
    matchLabels:
      app: gateway
  policyTypes:
    - Egress
  egress:
    - to:
        - podSelector:
            matchLabels:
              app: backend
      ports:
        - port: 8443
          protocol: TCP
    - to:
        - namespaceSelector: {}
      ports:
        - port: 53
          protocol: UDP
`
