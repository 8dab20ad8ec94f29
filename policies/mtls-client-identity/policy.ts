import { z } from 'zod'
import { definePolicy, type Ports } from '../definition.ts'
import type { Client, Exchange, PeerCertificate, Refusal } from '../exchange.ts'
import { foundOnce } from '../of-certificate.ts'
import { compileNames, namePatternFault } from '#domain/subject-alt-names.ts'
import { canonicalName, isDistinguishedName } from '#domain/distinguished-name.ts'
import { clientCertElement } from './forwarded-client-cert.ts'

const namePattern = z
  .string()
  .max(2_000)
  .check((context) => {
    const fault = namePatternFault(context.value)
    if (fault !== undefined)
      context.issues.push({ code: 'custom', path: [], message: fault, input: context.value })
  })
const distinguishedName = z
  .string()
  .max(2_000)
  .refine(isDistinguishedName, { error: 'is no distinguished name, such as CN=shop,O=Partner,C=DE' })

const config = z.strictObject({
  subjectAltNames: z
    .array(namePattern)
    .max(1_000)
    .default([])
    .meta({
      title: 'Allowed names',
      description:
        'Names of which the certificate must have one: URIs (/* at the end for all below), DNS names, mailboxes, addresses. Empty: any.',
      examples: [['spiffe://example.org/ns/production/*']],
    }),
  subjects: z
    .array(distinguishedName)
    .max(1_000)
    .default([])
    .meta({
      title: 'Allowed subjects',
      description: 'Whole subjects, the most specific attribute first. Empty: any.',
      examples: [['CN=shop,O=Partner,C=DE']],
    }),
  issuers: z
    .array(distinguishedName)
    .max(1_000)
    .default([])
    .meta({
      title: 'Allowed issuers',
      description:
        'Whole names of the CAs that may have issued the certificate itself. Empty: any that is trusted.',
      examples: [['CN=Partner Issuing CA,O=Partner,C=DE']],
    }),
  forwardHeader: z.enum(['sanitize', 'append', 'forward']).optional().meta({
    title: 'X-Forwarded-Client-Cert',
    description:
      'sanitize tells the upstream who the client is, in place of what the client says itself; append adds it to that; forward passes on what the client says alone. Without it the header is taken away.',
  }),
  mapToConsumer: z.boolean().default(false).meta({
    title: 'Find the client',
    description:
      'The id of a client under contract is one of the names of the certificate, or its whole subject. Others are refused.',
  }),
})
type Config = z.infer<typeof config>

const header = 'x-forwarded-client-cert'

const missing: Refusal = {
  status: 401,
  code: 'mtls-client-identity.missing',
  detail: 'A client certificate is needed.',
}
const notAllowed = (what: string, detail: string): Refusal => ({
  status: 403,
  code: `mtls-client-identity.${what}`,
  detail,
})
const unallowedName = notAllowed('san_not_allowed', 'No name of the client certificate is allowed here.')
const unallowedSubject = notAllowed(
  'subject_not_allowed',
  'The subject of the client certificate is not allowed here.',
)
const unallowedIssuer = notAllowed(
  'issuer_not_allowed',
  'The issuer of the client certificate is not allowed here.',
)
const unknownClient = notAllowed('unknown_client', 'No client of this API has that certificate.')

type Check = (peer: PeerCertificate) => Refusal | undefined

function checkOf({ subjectAltNames, subjects, issuers }: Config): Check {
  const hasName = compileNames(subjectAltNames)
  const allowedSubjects = new Set(subjects.map(canonicalName))
  const allowedIssuers = new Set(issuers.map(canonicalName))
  return (peer) => {
    if (!hasName(peer.subjectAltNames)) return unallowedName
    if (allowedSubjects.size > 0 && !allowedSubjects.has(canonicalName(peer.subject))) return unallowedSubject
    if (allowedIssuers.size > 0 && !allowedIssuers.has(canonicalName(peer.issuer))) return unallowedIssuer
    return undefined
  }
}

function clientOf(peer: PeerCertificate, ports: Ports): Client | undefined {
  for (const { value } of peer.subjectAltNames) {
    const client = ports.clientById(value)
    if (client !== undefined) return client
  }
  return peer.subject === '' ? undefined : ports.clientById(peer.subject)
}

type Forward = (exchange: Exchange, peer: PeerCertificate) => void

function forwarderOf(mode: Config['forwardHeader'], ports: Ports): Forward {
  const own = ports.api.certificates.find(({ type }) => type === 'server')?.subjectAltNames ?? []
  const elementOf = foundOnce((peer) => clientCertElement(peer, own))
  switch (mode) {
    case undefined:
      return (exchange) => exchange.removeHeader(header)
    case 'sanitize':
      return (exchange, peer) => exchange.setHeader(header, elementOf(peer))
    case 'append':
      return (exchange, peer) =>
        exchange.setHeader(header, [...exchange.headerValues(header), elementOf(peer)].join(','))
    case 'forward':
      return (exchange) => {
        const came = exchange.headerValues(header).join(',')
        if (came === '') exchange.removeHeader(header)
        else exchange.setHeader(header, came)
      }
  }
}

const forwards = {
  sanitize: 'tells the upstream',
  append: 'adds it for the upstream',
  forward: 'passes on what the client says',
} as const

/** Makes the certificate of the client its identity: who may call, which client it is, and what the upstream hears. */
export const mtlsClientIdentity = definePolicy<Config>({
  kind: 'mtls-client-identity',
  policyVersion: '1.0.0',
  title: 'Client certificate identity',
  summary: 'Lets callers in by the names of their client certificates, and tells the upstream who they are.',
  category: 'identity',
  config,
  summarise({ subjectAltNames, subjects, issuers, forwardHeader, mapToConsumer }) {
    const allowed = [...subjectAltNames, ...subjects, ...issuers.map((issuer) => `from ${issuer}`)]
    return [
      allowed.length === 0 ? 'Any client certificate' : allowed.join(', '),
      ...(mapToConsumer ? ['finds the client'] : []),
      ...(forwardHeader === undefined ? [] : [forwards[forwardHeader]]),
    ].join(', ')
  },
  prepare(value, ports) {
    const check = foundOnce(checkOf(value))
    const findClient = foundOnce((peer) => clientOf(peer, ports))
    const forward = forwarderOf(value.forwardHeader, ports)
    return {
      onRequest(exchange) {
        const peer = exchange.tls?.peer
        if (peer === undefined) return missing
        const refused = check(peer)
        if (refused !== undefined) return refused
        if (value.mapToConsumer) {
          const client = findClient(peer)
          if (client === undefined) return unknownClient
          exchange.client = client
        }
        forward(exchange, peer)
        return undefined
      },
    }
  },
})
