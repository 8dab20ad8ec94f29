import type { ApiItem, Item, ListenerItem } from '#contract/items.ts'
import { type FlexWriting, writeFlex } from '#dialects/flex/write.ts'
import { type ExportedDocuments, type ExportedFile, resourceName } from '#domain/documents.ts'
import { Problem } from '#domain/problem.ts'
import { type Actor, requirePermission } from '../actor.ts'
import { db, type Tx } from '../db.ts'
import { readNetworkPolicies } from '../networks/network-policies.ts'
import { compile } from '../publish/compile.ts'
import { writeCertificates } from './export-certificates.ts'
import { namedPolicies, type NamedTls } from './export-policies.ts'

/** The namespace that documents are written for; whoever has another one changes it there. */
const namespace = 'default'

/**
 * An API as it is drafted, with what its contexts hold, as documents. No secret is opened for it: where there is a
 * private key or a password, a Secret is named.
 */
export async function exportInstance(
  actor: Actor,
  instanceId: string,
  form: FlexWriting['tls'],
): Promise<ExportedDocuments> {
  requirePermission(actor, 'apis.read')
  requirePermission(actor, 'trust.read')
  const { organisationId } = actor
  const row = await instanceIn(db(), organisationId, instanceId)
  const name = resourceName(row.apiVersion.api.name)
  const notes: string[] = []
  const named = await namedPolicies(db(), organisationId, row.policies, name)
  const { items } = compile({
    listeners: row.gateway.listeners,
    instances: [{ ...row, enabled: true, policies: named.policies, flows: [] }],
    contexts: [],
  })
  const written = writeFlex(sayable([...items.values()], name, notes), { tls: form, secrets: 'named' })
  if (!written.ok)
    throw new Problem('documents.unsayable', written.faults.map(({ detail }) => detail).join('; '), {
      faults: written.faults,
    })
  if (named.hasSecrets)
    notes.push(`Secrets of policies are not in here: put them into ${name}-policy-secrets.`)
  if (row.flows.length > 0) notes.push('Who may call, and with which key, is not in here.')
  return { files: await filesOf(actor, row, { name, flex: written.text, kept: named.kept }), notes }
}

type InstanceRow = Awaited<ReturnType<typeof instanceIn>>

async function instanceIn(tx: Tx, organisationId: string, id: string) {
  const row = await tx.apiInstance.findFirst({
    where: { id, organisationId },
    include: {
      gateway: { select: { id: true, listeners: true } },
      policies: true,
      flows: { select: { id: true } },
      apiVersion: {
        select: {
          id: true,
          label: true,
          operations: true,
          definition: true,
          api: { select: { name: true } },
        },
      },
    },
  })
  if (!row) throw new Problem('not-found', 'There is no such API at a gateway.')
  return row
}

/** The items as Flex can say them; what it has no words for is told. */
function sayable(items: readonly Item[], name: string, notes: string[]): Item[] {
  const listeners = items.filter((item) => item.kind === 'listener')
  return items.flatMap((item): Item[] => {
    if (item.kind === 'contracts' || item.kind === 'document') return []
    if (item.kind !== 'api') return [item]
    const { document, contracts: _, operations: __, ...api } = item
    if (document !== undefined) notes.push('The OpenAPI document that policies judge by stands beside it.')
    return [{ ...api, id: `api:${namespace}/${name}`, listeners: [listenerFor(api, listeners, notes)] }]
  })
}

/** An ApiInstance listens at one address: with TLS at one that has it. */
function listenerFor(api: ApiItem, listeners: readonly ListenerItem[], notes: string[]): string {
  const wanted = listeners.filter(({ id }) => api.listeners?.includes(id) ?? true)
  const protocol = api.policies.some(({ kind }) => kind === 'tls') ? 'https' : 'http'
  const fitting = wanted.filter((listener) => listener.protocol === protocol)
  const chosen = fitting[0] ?? wanted[0]
  if (chosen === undefined)
    throw new Problem('documents.unsayable', 'The gateway has no listener that the API is served on.')
  if (wanted.length > 1)
    notes.push(
      `The API is served on ${wanted.length} listeners; an ApiInstance has one address, here that of port ${chosen.port}.`,
    )
  return chosen.id
}

interface Parts {
  readonly name: string
  readonly flex: string
  readonly kept: NamedTls['kept']
}

async function filesOf(actor: Actor, row: InstanceRow, { name, flex, kept }: Parts): Promise<ExportedFile[]> {
  const { yaml } = await readNetworkPolicies(actor, row.gateway.id, { namespace, app: 'hexgate' }, row.id)
  const certificates = writeCertificates(kept, namespace)
  return [
    { name: `${name}.yaml`, what: 'flex', text: flex },
    ...(certificates === ''
      ? []
      : [{ name: `${name}-cert-manager.yaml`, what: 'cert-manager' as const, text: certificates }]),
    { name: `${name}-network-policies.yaml`, what: 'network-policies', text: yaml },
    {
      name: `${name}-openapi.json`,
      what: 'openapi',
      text: `${JSON.stringify(row.apiVersion.definition, null, 2)}\n`,
    },
  ]
}
