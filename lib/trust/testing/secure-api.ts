import type { Actor } from '../../actor.ts'
import { db } from '../../db.ts'
import { replaceChain } from '../../policies/write.ts'
import { draftApi } from '../../publish/testing/draft.ts'

/** Exposes an API whose TLS takes its certificates from contexts, as a draft; gives the instance's id. */
export async function secureApi(
  actor: Actor,
  gatewayId: string,
  name: string,
  contexts: { inbound?: string; outbound?: string },
): Promise<string> {
  const instanceId = await draftApi(actor.organisationId, gatewayId, name)
  const upstreamUrl = `https://${name}.internal`
  await db().apiInstance.update({ where: { id: instanceId }, data: { upstreamUrl } })
  await useContexts(actor, instanceId, contexts)
  return instanceId
}

/** Puts policies that name these contexts in the place of an instance's chain. */
export async function useContexts(
  actor: Actor,
  instanceId: string,
  { inbound, outbound }: { inbound?: string; outbound?: string },
): Promise<void> {
  const { version } = await db().apiInstance.findUniqueOrThrow({ where: { id: instanceId } })
  const step = { label: '', enabled: true, dryRun: false, rules: [], upstreams: [] }
  const steps = [
    ...(inbound === undefined ? [] : [{ ...step, kind: 'tls', config: { contextRef: inbound } }]),
    ...(outbound === undefined ? [] : [{ ...step, kind: 'tls-outbound', config: { contextRef: outbound } }]),
  ]
  await replaceChain(actor, instanceId, steps, version)
}
