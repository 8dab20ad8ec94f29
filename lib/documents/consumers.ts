import type { DocumentPlan, DocumentWish } from '#domain/documents.ts'
import { Problem } from '#domain/problem.ts'
import type { Actor } from '../actor.ts'
import { partyInput } from '../networks/input.ts'
import { createFlow } from '../networks/write-flow.ts'
import { createParty } from '../networks/write-party.ts'
import type { Known } from './known.ts'
import type { PlannedApi } from './plan.ts'
import type { PlannedClient } from './plan-clients.ts'

/** Consumers that documents name: where each stands, and what it may call. */
export interface PlacedConsumer {
  readonly client: PlannedClient
  /** Names of the APIs that let it in. */
  readonly apis: readonly string[]
  /** Where it is here already. */
  readonly id: string | null
  /** By its name; null where it is left out. */
  readonly network: string | null
  readonly because: string
}

export function placedConsumers(
  apis: readonly PlannedApi[],
  known: Known,
  choices: DocumentWish['consumers'] = [],
): PlacedConsumer[] {
  const byName = Map.groupBy(
    apis.flatMap((api) => api.clients.map((client) => ({ client, api: api.name }))),
    ({ client }) => client.name,
  )
  return [...byName.values()].flatMap((all) => {
    const [first] = all
    if (!first) return []
    const { client } = first
    return [{ client, apis: all.map(({ api }) => api), ...placeOf(client, known, choices) }]
  })
}

function placeOf(
  client: PlannedClient,
  known: Known,
  choices: NonNullable<DocumentWish['consumers']>,
): Pick<PlacedConsumer, 'id' | 'network' | 'because'> {
  const { name, namespace } = client
  const here = known.consumers.get(name)
  if (here) return { id: here.id, network: here.networkName, because: 'it is here already' }
  if (!named.safeParse(namedAs(client)).success)
    return { id: null, network: null, because: 'its name cannot be that of a consumer' }
  const chosen = choices.find((choice) => choice.name === name)
  if (chosen?.networkId === null) return { id: null, network: null, because: 'left out, as it was chosen' }
  if (chosen) {
    const network = [...known.networks.values()].find(({ id }) => id === chosen.networkId)
    if (!network) throw new Problem('not-found', 'There is no such network.')
    return { id: null, network: network.name, because: 'as it was chosen' }
  }
  return namespace === null
    ? { id: null, network: null, because: 'nothing says in which network it stands' }
    : { id: null, network: namespace, because: 'its name says so' }
}

const named = partyInput.pick({ name: true, identities: true })

const namedAs = ({ name, identity }: PlannedClient) => ({
  name,
  identities: identity === null ? [] : [identity],
})

/** The namespaces that become networks for them. */
export function networksOfConsumers(consumers: readonly PlacedConsumer[]): string[] {
  return consumers.flatMap(({ id, network }) => (id === null && network !== null ? [network] : []))
}

/** Makes those that have a place, and lets each call what lets it in. */
export async function makeConsumers(
  actor: Actor,
  consumers: readonly PlacedConsumer[],
  networks: Known['networks'],
  instanceIds: ReadonlyMap<string, string>,
): Promise<void> {
  for (const { client, apis, id: before, network: networkName } of consumers) {
    const network = networks.get(networkName ?? '')
    const id = before ?? (network ? await makeConsumer(actor, client, network) : null)
    if (id === null) continue
    for (const api of apis) {
      const apiId = instanceIds.get(api)
      if (apiId !== undefined) await createFlow(actor, { consumerId: id, apiId })
    }
  }
}

type KnownNetwork = Known['networks'] extends ReadonlyMap<string, infer N> ? N : never

async function makeConsumer(actor: Actor, client: PlannedClient, network: KnownNetwork): Promise<string> {
  const party = await createParty(actor, {
    ...namedAs(client),
    ...{ kind: 'consumer', networkId: network.id },
    // Who may stand in a network follows from its class, and so does whose it is.
    owner: network.class === 'non-org-external' ? 'third-party' : 'organisation',
  })
  return party.id
}

export function shownConsumers(consumers: readonly PlacedConsumer[]): DocumentPlan['consumers'] {
  return consumers.map(({ client, apis, id, network, because }) => ({
    ...{ name: client.name, isNew: id === null, apis: [...apis], network, because },
    knownBy: client.identity === null ? 'key' : 'certificate',
  }))
}

/** What of them is not taken over, by name. */
export function consumerRemarks(consumers: readonly PlacedConsumer[]): string[] {
  return consumers.flatMap(({ client: { name, identity }, network, because }) => [
    ...(network === null ? [`the consumer ${name} is not taken over: ${because}`] : []),
    ...(identity === null
      ? [
          `the key of ${name} is not taken over: it stands in a document as it is, so it is no secret; issue a new one`,
        ]
      : []),
  ])
}
