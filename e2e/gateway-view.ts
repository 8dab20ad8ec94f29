import { Machine } from './machine.ts'
import type { Addresses } from './product.ts'

export interface GatewayView {
  id: string
  headRevision: number
  nodes: { status: string; state: string | null; servesRevision: number | null }[]
}

/** The only gateway of a started product, as REST shows it. */
export async function gatewayOf(machine: Machine): Promise<GatewayView> {
  const { body } = await machine.must<{ gateways: GatewayView[] }>('GET', '/gateways')
  const [gateway] = body.gateways
  if (!gateway) throw new Error('there is no gateway')
  return gateway
}

/** Whether every node is well and serves the newest revision. */
export async function isGreen(machine: Machine): Promise<boolean> {
  const answer = await machine.call<{ gateways: GatewayView[] }>('GET', '/gateways')
  if (answer.status !== 200) return false
  const nodes = answer.body.gateways.flatMap((gateway) => gateway.nodes)
  return nodes.length > 0 && nodes.every(({ status, state }) => status === 'healthy' && state === 'applied')
}

/** What the node says itself that it serves. */
export async function servedBy({ admin }: Addresses): Promise<{ revision: number; hash: string }> {
  const response = await fetch(`${admin}/config`)
  const { revision, hash } = (await response.json()) as { revision: number; hash: string }
  return { revision, hash }
}

/** The id of the API instance at a base path. */
export async function instanceAt(machine: Machine, basePath: string): Promise<string> {
  interface Page {
    apis: { exposures: { id: string; basePath: string }[] }[]
  }
  const { body } = await machine.must<Page>('GET', '/apis')
  const found = body.apis.flatMap(({ exposures }) => exposures).find((each) => each.basePath === basePath)
  if (!found) throw new Error(`no API at ${basePath}`)
  return found.id
}

/** Puts a chain of policies in the place of an instance's draft. */
export async function replaceChain(
  machine: Machine,
  instanceId: string,
  policies: readonly { kind: string; config: unknown }[],
): Promise<void> {
  const operation = `/instances/${instanceId}/policies`
  const { etag } = await machine.must('GET', operation)
  await machine.must('PUT', operation, { body: { policies }, ...(etag ? { ifMatch: etag } : {}) })
}

/** Deploys one instance's draft over the revision that is the head now; answers the new number. */
export async function deploy(machine: Machine, instanceId: string): Promise<number> {
  const { id, headRevision } = await gatewayOf(machine)
  const body = { expectedHeadRevision: headRevision, instanceId, note: '' }
  return (await machine.must<{ number: number }>('POST', `/gateways/${id}/revisions`, { body })).body.number
}
