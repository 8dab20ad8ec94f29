import { z } from 'zod'
import { acceptance } from '#domain/acceptance.ts'
import { environmentKinds } from '#domain/gateway.ts'
import { observedAgreement, observedCaller, observedPeer } from '#domain/peer.ts'
import { networkView, partyView } from '#domain/stored.ts'
import { authorityView, certificateView, contextView } from '#domain/trust.ts'
import type { Tx } from '../db.ts'
import { chainFacts, soonestOf } from '../trust/stored.ts'
import { appliedRow } from '../networks/applied.ts'

/** Rows as the triggers kept them (prisma/migrations): no more of each than the topology is made of. */

const id = z.string()
/** As PostgreSQL writes a time into JSON. */
const time = z.string().transform((text) => new Date(text).toISOString())

/** Of what is seen again and again: since when, and on which day last. */
const seen = { firstSeenAt: time, until: time }

const shapes = {
  Organisation: z.object({ id, warningDays: z.number() }),
  Environment: z.object({ id, name: z.string(), kind: z.enum(environmentKinds) }),
  Gateway: z.object({
    id,
    name: z.string(),
    environmentId: id,
    networkId: id.nullable(),
    headRevision: z.int(),
  }),
  Api: z.object({ id, name: z.string(), title: z.string() }),
  ApiInstance: z.object({ id, gatewayId: id, providerId: id.nullable() }),
  Network: networkView,
  // Parties had neither teams nor identities once.
  Party: partyView.extend({
    team: partyView.shape.team.default(null),
    identities: partyView.shape.identities.default([]),
  }),
  Flow: z.object({ id, consumerId: id, instanceId: id }),
  Authority: authorityView
    .pick({ id: true, name: true, runBy: true, parentId: true, version: true })
    .extend({ certificate: z.string(), hasKey: z.boolean() }),
  Certificate: certificateView.omit({ chain: true, hasKey: true }),
  CertificateVersion: z.object({
    id,
    certificateId: id,
    state: z.string(),
    chain: z.string().nullable(),
    hasKey: z.boolean(),
  }),
  NodeCertificate: z.object({ id, certificateId: id, chain: z.string().nullable() }),
  MtlsContext: contextView.omit({ authorityIds: true }),
  ContextAuthority: z.object({ contextId: id, authorityId: id }),
  NetworkPolicySet: appliedRow.extend({ id }),
  FindingAcceptance: acceptance.extend({ until: time }),
  ObservedApi: z.object({ instanceId: id, since: time }),
  ObservedPeer: observedPeer.omit({ lastSeenAt: true }).extend(seen),
  ObservedCaller: observedCaller.omit({ lastSeenAt: true }).extend({ clientId: id, ...seen }),
  ObservedAgreement: observedAgreement
    .omit({ lastSeenAt: true })
    .extend({ version: z.string(), cipher: z.string(), ...seen }),
  Node: z.object({
    id,
    gatewayId: id,
    appliedRevision: z.int().nullable(),
    connected: z.boolean(),
    until: time.nullable(),
  }),
  NodeReport: z.object({ nodeId: id, status: z.string().nullable() }),
} as const

type Kind = keyof typeof shapes
export type PastRows = { readonly [K in Kind]: readonly z.output<(typeof shapes)[K]>[] }

/** Every row as it was at that time. */
export async function rowsAt(tx: Tx, organisationId: string, at: Date): Promise<PastRows> {
  const found = await tx.pastRow.findMany({
    where: { organisationId, validFrom: { lte: at }, OR: [{ validTo: null }, { validTo: { gt: at } }] },
    orderBy: [{ kind: 'asc' }, { rowId: 'asc' }],
    select: { kind: true, content: true },
  })
  const byKind = Map.groupBy(found, ({ kind }) => kind)
  return Object.fromEntries(
    Object.entries(shapes).map(([kind, shape]) => [
      kind,
      (byKind.get(kind) ?? []).map(({ content }) => shape.parse(content)),
    ]),
    // Each kind was parsed by its own shape just above.
  ) as unknown as PastRows
}

/** Contexts, CAs and the certificates that were shown. */
export function trustIn(rows: PastRows) {
  const authorityIds = Map.groupBy(rows.ContextAuthority, ({ contextId }) => contextId)
  const current = new Map(
    rows.CertificateVersion.flatMap((version) =>
      version.state === 'current' ? [[version.certificateId, version] as const] : [],
    ),
  )
  const byNodes = Map.groupBy(rows.NodeCertificate, ({ certificateId }) => certificateId)
  return {
    contexts: byName(rows.MtlsContext).map((context) => ({
      ...context,
      authorityIds: (authorityIds.get(context.id) ?? []).map(({ authorityId }) => authorityId),
    })),
    authorities: byName(rows.Authority).map(({ certificate, hasKey, ...authority }) =>
      authorityView.parse({ ...authority, certificate: chainFacts(certificate)[0], canIssue: hasKey }),
    ),
    certificates: byName(rows.Certificate).flatMap((certificate) => {
      const version = current.get(certificate.id)
      const kept = (byNodes.get(certificate.id) ?? []).flatMap((each) => each.chain ?? [])
      const chain = chainFacts(version?.chain ?? soonestOf(kept))
      return chain.length === 0 ? [] : [{ ...certificate, chain, hasKey: version?.hasKey ?? false }]
    }),
  }
}

export function byName<T extends { readonly name: string }>(rows: readonly T[]): T[] {
  return rows.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}
