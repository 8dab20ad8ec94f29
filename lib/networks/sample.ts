import type { Location, NetworkClass } from '#domain/network.ts'
import type { Owner } from '#domain/party.ts'
import type { Actor } from '../actor.ts'
import { db } from '../db.ts'
import { createFlow, nameProvider, placeGateway } from './write-flow.ts'
import { createNetwork } from './write-network.ts'
import { createParty } from './write-party.ts'

/** Ids of the demo's API instances, by who provides them. */
export interface SampleApis {
  gatewayId: string
  /** Run by Acme in its own network. */
  internal: readonly string[]
  /** Run by Acme at a host that it trusts. */
  hosted: readonly string[]
  /** Run by somebody else. */
  partner: readonly string[]
  /** For Acme's own systems alone. */
  guarded?: readonly string[]
}

interface SampleParty {
  owner?: Owner
  team?: string | null
  identities?: string[]
}

/** A small company, Acme, whose flows show every pattern where an API of each sort is given. */
export async function createSampleTopology(
  actor: Actor,
  apis: SampleApis,
  contexts: SampleContexts | null = null,
): Promise<void> {
  const networks = await sampleNetworks(actor, contexts)
  const party = async (
    kind: 'consumer' | 'provider',
    name: string,
    network: keyof typeof networks,
    { owner = 'organisation', team = null, identities = [] }: SampleParty = {},
  ) => (await createParty(actor, { kind, name, owner, team, identities, networkId: networks[network] })).id
  // As the sample's client shows itself (lib/trust/sample.ts).
  const webShop = { team: 'Shop team', identities: ['spiffe://acme/web-shop'] }
  const shop = { team: 'Shop team' }
  const finance = { team: 'Finance team' }
  const third: { owner: Owner } = { owner: 'third-party' }

  await placeGateway(actor, apis.gatewayId, networks.vpc, await gatewayVersion(apis.gatewayId))
  const orders = await party('provider', 'Order services', 'cluster', shop)
  const customers = await party('provider', 'Customer records', 'hosting', finance)
  const carrier = await party('provider', 'Fastline Freight', 'carrier', third)
  const { internal, hosted, partner, guarded = [] } = apis
  await provide(actor, [...internal, ...guarded], orders)
  await provide(actor, apis.hosted, customers)
  await provide(actor, apis.partner, carrier)

  const flows: [string, readonly string[]][] = [
    [await party('consumer', 'Web shop', 'cluster', webShop), [...internal, ...guarded, ...partner]],
    [await party('consumer', 'Billing run', 'dataCentre', finance), [...internal, ...guarded, ...hosted]],
    [await party('consumer', 'Mobile app', 'cloud', shop), [...internal, ...hosted, ...partner]],
    [await party('consumer', 'Retail partner', 'retail', third), [...internal, ...hosted, ...partner]],
    [await party('consumer', 'Marketplace', 'marketplace', third), internal],
  ]
  for (const [consumerId, ids] of flows)
    for (const apiId of ids) await createFlow(actor, { consumerId, apiId })
}

interface Placing {
  parentId?: string | null
  firewall?: string | null
  /** Its firewall ends the context of its class. */
  isSecured?: boolean
  /** Another context than that of its class. */
  context?: keyof SampleContexts
}

/** Contexts that end at a firewall, by the class of what lies beyond; at the hosting network it is a client. */
export type SampleContexts = Readonly<Record<NetworkClass | 'hosting', string>>

async function sampleNetworks(actor: Actor, contexts: SampleContexts | null) {
  const network = async (
    name: string,
    cls: NetworkClass,
    location: Location,
    { parentId = null, firewall = null, isSecured = firewall !== null, context = cls }: Placing = {},
  ) => {
    const firewallContextId = isSecured ? (contexts?.[context] ?? null) : null
    return (await createNetwork(actor, { name, class: cls, location, parentId, firewall, firewallContextId }))
      .id
  }

  const vpc = await network('Acme VPC', 'org-internal', 'vpc')
  return {
    vpc,
    cluster: await network('Shop cluster', 'org-internal', 'cluster', { parentId: vpc }),
    dataCentre: await network('Acme data centre', 'org-internal', 'data-centre'),
    cloud: await network('Acme mobile cloud', 'org-external', 'cloud', { firewall: 'Cloud edge' }),
    hosting: await network('Acme hosting', 'org-external', 'cloud', {
      firewall: 'Hosting edge',
      context: 'hosting',
    }),
    retail: await network('Retail network', 'non-org-external', 'on-premises', { firewall: 'Partner edge' }),
    // Without a firewall, so that the page has something to say about it.
    marketplace: await network('Marketplace cloud', 'non-org-external', 'cloud'),
    carrier: await network('Fastline network', 'non-org-external', 'data-centre', {
      firewall: 'Fastline edge',
      // Nobody has said yet whose CA it is there.
      isSecured: false,
    }),
  }
}

async function provide(actor: Actor, instanceIds: readonly string[], providerId: string): Promise<void> {
  for (const id of instanceIds) {
    const { version } = await db().apiInstance.findUniqueOrThrow({ where: { id }, select: { version: true } })
    await nameProvider(actor, id, providerId, version)
  }
}

async function gatewayVersion(id: string): Promise<number> {
  return (await db().gateway.findUniqueOrThrow({ where: { id }, select: { version: true } })).version
}
