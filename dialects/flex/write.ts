import { stringify } from 'yaml'
import type { ApiItem, ContractsItem, Item, ListenerItem, UpstreamItem } from '#contract/items.ts'
import { upstreamItem } from '#contract/items.ts'
import { pointerOf } from '#domain/json-pointer.ts'
import type { Fault } from '#domain/problem.ts'
import { apiKeysType } from './resources.ts'

export type FlexText = { ok: true; text: string } | { ok: false; faults: Fault[] }

const apiVersion = 'gateway.mulesoft.com/v1alpha1'

/**
 * Writes items as Flex resources, which `readFlex` takes back. What the form cannot say is a fault, with a
 * pointer of the kind `/<item id>/<member>`; nothing is left out in silence.
 */
export function writeFlex(items: readonly Item[]): FlexText {
  const faults: Fault[] = []
  const byId = new Map(items.map((item) => [item.id, item]))
  const listeners = items.filter((item) => item.kind === 'listener')
  const apis = items.filter((item) => item.kind === 'api')
  const [listener, second] = listeners
  if (second !== undefined) faults.push(faultAt(second, '', 'one folder has one listener'))
  if (listener === undefined) return { ok: false, faults: [{ pointer: '', detail: 'there is no listener' }] }
  const resources = apis.flatMap((api) => resourcesOf(api, listener, byId, faults))
  if (faults.length > 0) return { ok: false, faults }
  return { ok: true, text: resources.map((resource) => stringify(resource)).join('---\n') }
}

function faultAt(item: Item, member: string, detail: string): Fault {
  return { pointer: pointerOf([item.id]) + member, detail }
}

/** The name and namespace that an id such as `api:default/orders` holds, or names that are made from it. */
function metadataOf(id: string): { name: string; namespace: string } {
  const [namespace, name] = id.replace(/^[a-z]+:/, '').split('/')
  return name === undefined
    ? { name: namespace ?? id, namespace: 'default' }
    : { name, namespace: namespace ?? 'default' }
}

function resourcesOf(
  api: ApiItem,
  listener: ListenerItem,
  byId: ReadonlyMap<string, Item>,
  faults: Fault[],
): Record<string, unknown>[] {
  const upstream = byId.get(api.upstream)
  const contracts = api.contracts === undefined ? undefined : byId.get(api.contracts)
  if (upstream?.kind !== 'upstream') faults.push(faultAt(api, '/upstream', `there is no ${api.upstream}`))
  else if (!isPlain(upstream))
    faults.push(faultAt(upstream, '', 'timeouts and several endpoints cannot be said in Flex'))
  if (!api.stripBasePath) faults.push(faultAt(api, '/stripBasePath', 'Flex always takes the base path off'))
  const metadata = metadataOf(api.id)
  const secretName = `${metadata.name}-api-keys`
  const hasKeys = api.policies.some((policy) => policy.kind === 'api-key-auth')
  const instance = {
    apiVersion,
    kind: 'ApiInstance',
    metadata,
    spec: {
      address: addressOf(api, listener),
      services: { upstream: { address: upstream?.kind === 'upstream' ? upstream.endpoints[0]?.url : '' } },
      policies: api.policies
        .toSorted((a, b) => a.order - b.order)
        .map((policy) => ({
          policyRef: { name: policy.kind },
          order: policy.order,
          config:
            policy.kind === 'api-key-auth' ? { ...policy.config, apiKeys: { secretName } } : policy.config,
        })),
    },
  }
  if (!hasKeys || contracts?.kind !== 'contracts') return [instance]
  return [instance, secretOf(contracts, { ...metadata, name: secretName }, faults)]
}

function isPlain(upstream: UpstreamItem): boolean {
  const { kind, id, endpoints } = upstream
  const plain = upstreamItem.parse({ kind, id, endpoints })
  return endpoints.length === 1 && JSON.stringify(plain) === JSON.stringify(upstreamItem.parse(upstream))
}

function addressOf(api: ApiItem, listener: ListenerItem): string {
  const address = listener.address.includes(':') ? `[${listener.address}]` : listener.address
  const host = api.host === '*' ? address : api.host
  return `http://${host}:${listener.port}${api.basePath === '/' ? '' : api.basePath}`
}

function secretOf(contracts: ContractsItem, metadata: Record<string, unknown>, faults: Fault[]) {
  const entries: [string, string][] = []
  for (const client of contracts.clients) {
    const [hash, second] = client.keyHashes
    if (hash === undefined) continue
    if (second !== undefined) faults.push(faultAt(contracts, '', `${client.name} has several keys`))
    entries.push([client.id, `sha256:${hash}`])
  }
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata,
    type: apiKeysType,
    stringData: Object.fromEntries(entries),
  }
}
