import { contextsAmong, tlsContextId } from '#contract/items.ts'
import type { SimulationResult } from '#domain/handshake.ts'
import { Problem } from '#domain/problem.ts'
import { mapSecrets } from '#policies/secrets.ts'
import type { Contexts, InboundTls } from '#policies/settings.ts'
import { tls } from '#policies/tls/policy.ts'
import { contextRefIn } from '#policies/tls-fields.ts'
import type { Tx } from '../db.ts'
import { deployedAt } from '../publish/configuration.ts'
import { gatewayIn } from '../publish/draft.ts'
import type { Simulation } from './input.ts'

/** TLS towards clients as a simulation needs it: whom it lets in. No private key is opened for it. */

interface DoorAt {
  readonly door: InboundTls
  readonly at: SimulationResult['at']
}

const somePrivateKey = '-----BEGIN PRIVATE KEY-----'
const nothingToShow = { certificate: '', key: '' }

export async function doorOf(tx: Tx, organisationId: string, at: Simulation['at']): Promise<DoorAt> {
  return at.kind === 'context'
    ? doorOfContext(tx, organisationId, at.contextId)
    : doorOfApi(tx, organisationId, at.instanceId, at.state)
}

async function doorOfContext(tx: Tx, organisationId: string, id: string): Promise<DoorAt> {
  const [context] = await truststores(tx, organisationId, [id])
  if (context === undefined) throw new Problem('not-found', 'There is no such mTLS context.')
  const door = tls.inboundTls?.(tls.config.parse({ contextRef: id, mode: 'STRICT' }), () => ({
    trustedCa: context.trustedCa,
    certificate: nothingToShow,
  }))
  if (door === undefined) throw new TypeError('the policy tls says nothing of TLS')
  return { door, at: { name: context.name, mode: door.mode, revision: null, state: 'context' } }
}

async function doorOfApi(
  tx: Tx,
  organisationId: string,
  instanceId: string,
  state: 'deployed' | 'draft' | undefined,
): Promise<DoorAt> {
  const row = await tx.apiInstance.findFirst({
    where: { id: instanceId, organisationId },
    select: {
      gatewayId: true,
      policies: { select: { kind: true, enabled: true, config: true } },
      apiVersion: { select: { label: true, api: { select: { name: true } } } },
    },
  })
  if (!row) throw new Problem('not-found', 'There is no such API at a gateway.')
  const name = `${row.apiVersion.api.name} ${row.apiVersion.label}`
  const deployed =
    state === 'draft' ? null : await deployedDoor(tx, organisationId, row.gatewayId, instanceId)
  if (deployed !== null) {
    const { door, revision } = deployed
    return { door: door ?? without(name, 'as it is deployed'), at: atOf(name, door, revision) }
  }
  if (state === 'deployed') throw new Problem('handshake.no-tls', `${name} is not deployed yet.`)
  const config = row.policies.find(({ kind, enabled }) => enabled && kind === tls.kind)?.config
  const ref = contextRefIn(config)
  const stored = await truststores(tx, organisationId, ref === undefined ? [] : [ref])
  const trust = new Map(stored.map(({ id, trustedCa }) => [id, trustedCa]))
  const door = settingsOf(config, (id) => {
    const trustedCa = trust.get(id)
    return trustedCa === undefined ? undefined : { trustedCa, certificate: nothingToShow }
  })
  return { door: door ?? without(name, 'as it is drafted'), at: atOf(name, door, null) }
}

function atOf(name: string, door: InboundTls | undefined, revision: number | null): DoorAt['at'] {
  return { name, mode: door?.mode ?? 'DISABLE', revision, state: revision === null ? 'draft' : 'deployed' }
}

/** Null where the API is not deployed; without a door where it is, and has no TLS of its own. */
async function deployedDoor(tx: Tx, organisationId: string, gatewayId: string, instanceId: string) {
  const gateway = await gatewayIn(tx, organisationId, gatewayId)
  const deployed = await deployedAt(tx, gateway, gateway.headRevision)
  const id = `api:${instanceId}`
  const api = (await deployed.read([id])).get(id)
  if (api?.kind !== 'api') return null
  const config = api.policies.find(({ kind }) => kind === tls.kind)?.config
  const ref = contextRefIn(config)
  const items = await deployed.read(ref === undefined ? [] : [tlsContextId(ref)])
  const door = settingsOf(
    config,
    contextsAmong((item) => items.get(item)),
  )
  return { door, revision: gateway.headRevision }
}

/** Undefined where there is no such policy, or one that means nothing. */
function settingsOf(config: unknown, contexts: Contexts): InboundTls | undefined {
  if (config === undefined) return undefined
  const parsed = tls.config.safeParse(mapSecrets(tls.kind, config, () => somePrivateKey))
  if (!parsed.success) return undefined
  return tls.inboundTls?.(parsed.data, (ref) => {
    const material = contexts(ref)
    return material && { ...material, certificate: material.certificate ?? nothingToShow }
  })
}

function without(name: string, how: string): never {
  throw new Problem(
    'handshake.no-tls',
    `${name} has no TLS policy of its own ${how}, so no certificate is looked at for it.`,
  )
}

async function truststores(tx: Tx, organisationId: string, ids: readonly string[]) {
  if (ids.length === 0) return []
  const rows = await tx.mtlsContext.findMany({
    where: { organisationId, id: { in: [...ids] } },
    select: {
      id: true,
      name: true,
      authorities: { select: { authority: { select: { certificate: true } } } },
    },
  })
  return rows.map(({ id, name, authorities }) => ({
    id,
    name,
    trustedCa: authorities.map(({ authority }) => authority.certificate).join(''),
  }))
}
