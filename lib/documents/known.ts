import { X509Certificate } from 'node:crypto'
import { z } from 'zod'
import { environmentKinds, listener } from '#domain/gateway.ts'
import { type NetworkClass, networkClasses } from '#domain/network.ts'
import { Problem } from '#domain/problem.ts'
import type { Secret } from '#domain/secret.ts'
import { blocksOf } from '#tls/pem.ts'
import type { Tx } from '../db.ts'
import { toNetwork } from '../networks/stored.ts'
import { fingerprintOf } from '../trust/x509.ts'
import type { PlannedContext } from './plan-tls.ts'
import { unusedName } from './unused-name.ts'

export interface KnownNetwork {
  readonly id: string
  readonly name: string
  readonly class: NetworkClass
}

interface TrustedHere {
  readonly name: string
  readonly runBy: string
  readonly contexts: readonly { readonly class: NetworkClass }[]
}

/** What an organisation has already, so that documents add to it and repeat nothing. */
export interface Known {
  readonly gateway: {
    readonly id: string
    readonly name: string
    readonly environment: (typeof environmentKinds)[number]
    readonly listeners: readonly z.infer<typeof listener>[]
    readonly hasNetworkPolicies: boolean
  }
  /** By their names. */
  readonly networks: ReadonlyMap<string, KnownNetwork>
  readonly consumers: ReadonlyMap<string, { readonly id: string; readonly networkName: string }>
  readonly apis: ReadonlySet<string>
  /** By the SHA-256 of the certificate, their ids. */
  readonly authorities: ReadonlyMap<string, string>
  readonly certificates: Map<string, string>
  /** By the SHA-256 of a CA: who runs it, and the contexts that trust it. */
  readonly trusted: ReadonlyMap<string, TrustedHere>
  /** Ids of certificates whose key is here. */
  readonly keyed: Set<string>
  /** Of the first certificate of a PEM text. */
  hashOf(pem: string): string
  factsOf(pem: string): { subject: string; notAfter: string }
  /** A name that is not taken; from then on it is. */
  free(kind: 'context' | 'authority' | 'certificate', name: string): string
}

const storedClass = z.object({ class: z.enum(networkClasses) })

export async function knownOf(tx: Tx, organisationId: string, gatewayId?: string): Promise<Known> {
  const where = { organisationId }
  const gateway = await gatewayIn(tx, organisationId, gatewayId)
  const [networks, consumers, apis, authorities, certificates, contexts] = await Promise.all([
    tx.network.findMany({ where }),
    tx.party.findMany({
      where: { ...where, kind: 'consumer' },
      select: { id: true, name: true, network: { select: { name: true } } },
    }),
    tx.api.findMany({ where, select: { name: true } }),
    tx.authority.findMany({
      where,
      select: {
        id: true,
        name: true,
        runBy: true,
        certificate: true,
        contexts: { select: { context: { select: { class: true } } } },
      },
    }),
    tx.certificate.findMany({
      where,
      select: {
        id: true,
        name: true,
        versions: { where: { state: 'current' }, select: { chain: true, keySealed: true } },
      },
    }),
    tx.mtlsContext.findMany({ where, select: { name: true } }),
  ])
  const names = {
    context: new Set(contexts.map(({ name }) => name)),
    authority: new Set(authorities.map(({ name }) => name)),
    certificate: new Set(certificates.map(({ name }) => name)),
  }
  return {
    gateway,
    networks: new Map(networks.map((row) => [row.name, toNetwork(row)])),
    consumers: new Map(consumers.map(({ id, name, network }) => [name, { id, networkName: network.name }])),
    trusted: new Map(
      authorities.map(({ name, runBy, certificate, contexts: trusting }) => [
        hashOf(certificate),
        { name, runBy, contexts: trusting.map(({ context }) => storedClass.parse(context)) },
      ]),
    ),
    apis: new Set(apis.map(({ name }) => name)),
    authorities: new Map(authorities.map(({ id, certificate }) => [hashOf(certificate), id])),
    certificates: new Map(
      certificates.flatMap(({ id, versions: [current] }) =>
        current?.chain == null ? [] : [[hashOf(current.chain), id] as const],
      ),
    ),
    keyed: new Set(
      certificates.flatMap(({ id, versions: [current] }) => (current?.keySealed == null ? [] : [id])),
    ),
    hashOf,
    factsOf,
    free(kind, name) {
      const made = unusedName(name.slice(0, 70), (one) => names[kind].has(one))
      names[kind].add(made)
      return made
    },
  }
}

async function gatewayIn(tx: Tx, organisationId: string, id?: string): Promise<Known['gateway']> {
  const [only, another] = await tx.gateway.findMany({
    where: { organisationId, ...(id === undefined ? {} : { id }) },
    select: {
      id: true,
      name: true,
      listeners: true,
      environment: { select: { kind: true } },
      networkPolicies: { select: { id: true } },
    },
    take: 2,
  })
  if (only === undefined) throw new Problem('not-found', 'There is no such gateway.')
  if (another !== undefined) {
    const detail = 'There are several gateways; name one.'
    throw new Problem('request.invalid', detail, { faults: [{ pointer: '/gatewayId', detail }] })
  }
  const { name, environment, listeners } = only
  return {
    ...{ id: only.id, name, environment: z.enum(environmentKinds).parse(environment.kind) },
    listeners: z.array(listener).parse(listeners),
    hasNetworkPolicies: only.networkPolicies !== null,
  }
}

function first(pem: string): X509Certificate {
  const [block] = blocksOf(pem, 'CERTIFICATE')
  try {
    return new X509Certificate(block ?? '')
  } catch {
    throw new Problem('certificate.unreadable', 'One of the certificates in the documents cannot be read.')
  }
}

function hashOf(pem: string): string {
  return fingerprintOf(first(pem))
}

function factsOf(pem: string): { subject: string; notAfter: string } {
  const { subject, validToDate } = first(pem)
  return { subject: subject.replaceAll('\n', ', '), notAfter: validToDate.toISOString() }
}

/** Without its key nobody can show it; the key may be here although it is not among the documents. */
export function isShowable(keystore: NonNullable<PlannedContext<Secret>['keystore']>, known: Known): boolean {
  const id = known.certificates.get(known.hashOf(keystore.chain))
  return id === undefined ? keystore.key !== null : known.keyed.has(id)
}
