import { z } from 'zod'
import { type Acknowledgement, acknowledgement, type Config, config } from '#contract/events.ts'
import { manifest, sha256Hex } from '#contract/manifest.ts'
import { type GatewayOfKey, listener } from '#domain/gateway.ts'
import { Problem } from '#domain/problem.ts'
import type { Prisma } from '#prisma/generated/client.ts'
import { announceChange } from '../changes.ts'
import { db, transaction } from '../db.ts'
import { itemsByHash } from '../publish/draft.ts'
import { type KeyHolder, requireGatewayKey } from './keys.ts'

/** What a node that does not speak Socket.IO sends after it has applied or refused a configuration. */
export const answered = z.strictObject({ nodeId: z.uuid(), acknowledgement })

/** A configuration as it was signed: items pass unparsed, or a later version's defaults would change their hashes. */
export const signedConfig = config.extend({ items: z.record(sha256Hex, z.unknown()) })

/** The configuration that a gateway should serve, whole and signed. */
export async function readConfig(request: Request, gatewayId: string): Promise<Config> {
  await requireKeyOf(request, gatewayId)
  const head = await db().revision.findFirst({ where: { gatewayId }, orderBy: { number: 'desc' } })
  if (!head) throw new Problem('not-found', 'Nothing has been deployed to this gateway yet.')
  const whole = manifest.parse(head.manifest)
  const items = await itemsByHash(db(), head.organisationId, Object.values(whole.items))
  return {
    signed: { manifest: whole, signature: head.signature, keyId: head.signingKeyId },
    items: Object.fromEntries(items),
  }
}

/** Takes a node's acknowledgement or refusal. */
export async function takeAnswer(
  request: Request,
  gatewayId: string,
  { nodeId, acknowledgement: answer }: z.output<typeof answered>,
): Promise<void> {
  const holder = await requireKeyOf(request, gatewayId)
  const { organisationId } = holder
  await transaction(async (tx) => {
    const node = await tx.node.findFirst({ where: { id: nodeId, gatewayId, organisationId } })
    if (!node) throw new Problem('not-found', 'There is no such node.')
    const revision = await tx.revision.findFirst({ where: { gatewayId, number: answer.revision } })
    if (!revision) throw new Problem('not-found', 'There is no such revision.')
    if (answer.status === 'applied' && answer.hash !== revision.hash) {
      throw new Problem('request.invalid', `Revision ${revision.number} has another hash.`, {
        faults: [{ pointer: '/acknowledgement/hash', detail: `It is ${revision.hash}.` }],
      })
    }
    await tx.acknowledgement.create({
      data: { organisationId, gatewayId, nodeId, hash: revision.hash, ...outcomeOf(answer) },
    })
    const now = new Date()
    const seen = { lastSeenAt: now, disconnectedAt: null, connectedAt: node.connectedAt ?? now }
    const applied =
      answer.status === 'applied' ? { appliedRevision: answer.revision, appliedHash: answer.hash } : {}
    await tx.node.update({ where: { id: nodeId }, data: { ...seen, ...applied } })
    await announceChange(tx, organisationId, { topic: 'nodes', id: nodeId })
    await announceChange(tx, organisationId, { topic: 'revisions', id: gatewayId })
  })
}

function outcomeOf(answer: Acknowledgement) {
  const { status: outcome, revision } = answer
  if (answer.status === 'applied')
    return { outcome, revision, reasons: [], durationMs: Math.round(answer.durationMs) }
  return { outcome, revision, reasons: answer.reasons satisfies Prisma.InputJsonValue, durationMs: null }
}

/** The gateway behind the key of a request, for whoever wants to add a node to it. */
export async function readGatewayOfKey(request: Request): Promise<GatewayOfKey> {
  const { gatewayId, gatewayName } = await requireGatewayKey(keyOf(request))
  const { listeners } = await db().gateway.findUniqueOrThrow({ where: { id: gatewayId } })
  return { gatewayId, gatewayName, listeners: z.array(listener).parse(listeners) }
}

// One of another gateway learns no more than an unknown one.
async function requireKeyOf(request: Request, gatewayId: string): Promise<KeyHolder> {
  const holder = await requireGatewayKey(keyOf(request))
  if (holder.gatewayId !== gatewayId) {
    throw new Problem('gateway.key-invalid', 'The key is for another gateway.')
  }
  return holder
}

function keyOf(request: Request): string {
  return /^Bearer (\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1] ?? ''
}
