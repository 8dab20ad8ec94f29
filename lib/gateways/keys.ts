import { hash, randomBytes } from 'node:crypto'
import type { GatewayKeyView, NewGatewayKey } from '#domain/gateway.ts'
import { Problem } from '#domain/problem.ts'
import type { GatewayKey } from '#prisma/generated/client.ts'
import type { Actor } from '../actor.ts'
import { audit } from '../audit.ts'
import { announceChange } from '../changes.ts'
import { db, transaction } from '../db.ts'
import { env } from '../env.ts'
import { ownGateway } from './read.ts'

/** Whom a valid key speaks for. */
export interface KeyHolder {
  keyId: string
  organisationId: string
  gatewayId: string
  gatewayName: string
}

const keyForm = /^hgk_[\w-]{43}$/

/** The gateway behind a key, or a refusal. A revoked key is as unknown as one that never was. */
export async function requireGatewayKey(key: string): Promise<KeyHolder> {
  const found = keyForm.test(key)
    ? await db().gatewayKey.findUnique({
        where: { hash: hash('sha256', key) },
        include: { gateway: { select: { name: true } } },
      })
    : null
  if (!found || found.revokedAt) {
    throw new Problem('gateway.key-invalid', 'The gateway key is unknown or was revoked.')
  }
  const { id, organisationId, gatewayId, gateway } = found
  return { keyId: id, organisationId, gatewayId, gatewayName: gateway.name }
}

/** The keys of a gateway, newest first; never the keys themselves. */
export async function listKeys(gatewayId: string, actor: Actor): Promise<GatewayKeyView[]> {
  await ownGateway(db(), actor, gatewayId)
  const keys = await db().gatewayKey.findMany({
    where: { gatewayId, organisationId: actor.organisationId },
    orderBy: { createdAt: 'desc' },
  })
  return keys.map(viewOf)
}

/** Makes a key. The answer is the only place where it ever stands. */
export async function createKey(gatewayId: string, actor: Actor): Promise<NewGatewayKey> {
  const key = `hgk_${randomBytes(32).toString('base64url')}`
  const row = await transaction(async (tx) => {
    const gateway = await ownGateway(tx, actor, gatewayId)
    const { organisationId } = actor
    const made = await tx.gatewayKey.create({
      data: {
        organisationId,
        gatewayId,
        prefix: key.slice(0, 10),
        hash: hash('sha256', key),
        createdBy: actor.name,
      },
    })
    const after = { gateway: gateway.name, prefix: made.prefix }
    await audit(tx, actor, {
      action: 'gateway-key.create',
      subjectKind: 'gateway-key',
      subjectId: made.id,
      after,
    })
    await announceChange(tx, organisationId, { topic: 'gateways', id: gatewayId })
    return made
  })
  return { ...viewOf(row), key, command: commandWith(key) }
}

/** The line that adds a node, ready to be pasted in a checkout. */
function commandWith(key: string): string {
  const { HEXGATE_PORTAL_URL, HEXGATE_ALLOW_PRIVATE_ADDRESSES } = env()
  const loopback = HEXGATE_ALLOW_PRIVATE_ADDRESSES ? ' --allow-loopback-upstreams' : ''
  return `npm run gateway -- --portal ${HEXGATE_PORTAL_URL} --key ${key}${loopback}`
}

/** Makes a key worthless for registering and connecting. Nodes keep serving what they have. */
export async function revokeKey(gatewayId: string, keyId: string, actor: Actor): Promise<void> {
  await transaction(async (tx) => {
    const { organisationId } = actor
    const key = await tx.gatewayKey.findFirst({ where: { id: keyId, gatewayId, organisationId } })
    if (!key) throw new Problem('not-found', 'There is no such gateway key.')
    if (key.revokedAt) return
    await tx.gatewayKey.update({ where: { id: keyId }, data: { revokedAt: new Date() } })
    const before = { prefix: key.prefix }
    await audit(tx, actor, {
      action: 'gateway-key.revoke',
      subjectKind: 'gateway-key',
      subjectId: keyId,
      before,
    })
    await announceChange(tx, organisationId, { topic: 'gateways', id: gatewayId })
  })
}

function viewOf(key: GatewayKey): GatewayKeyView {
  return {
    id: key.id,
    prefix: key.prefix,
    createdAt: key.createdAt.toISOString(),
    createdBy: key.createdBy,
    lastUsedAt: key.lastUsedAt?.toISOString() ?? null,
    revokedAt: key.revokedAt?.toISOString() ?? null,
  }
}
