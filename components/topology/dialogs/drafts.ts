import { z } from 'zod'
import { type Location, type NetworkClass, networkClassName } from '#domain/network.ts'
import { type Owner, type PartyKind, refusePlacement } from '#domain/party.ts'
import { identityFault } from '#domain/party-identity.ts'
import { type NetworkView, networkView, type PartyView, partyView } from '#domain/stored.ts'
import { sendJson } from '../../shell/api.ts'
import { asProblem, ProblemError } from '../../shell/problem-error.ts'
import { locationLabel } from '#diagram/looks.ts'
import type { Model } from '#diagram/model.ts'

/** What the dialogs hold while somebody fills them in, and how it is sent. */

export interface NetworkDraft {
  readonly name: string
  readonly class: NetworkClass
  readonly location: Location
  readonly parentId: string | null
  readonly firewall: string
  /** The external context that the firewall ends. */
  readonly firewallContextId: string | null
}
/** A thing that is there already, or one that is made on the way. */
export type Choice<Draft> =
  | { readonly kind: 'existing'; readonly id: string }
  | { readonly kind: 'new'; readonly draft: Draft }

export interface PartyDraft {
  readonly name: string
  readonly owner: Owner
  /** Empty for nobody in particular. */
  readonly team: string
  /** One on a line. */
  readonly identities: string
  readonly network: Choice<NetworkDraft>
}

export const emptyNetwork: NetworkDraft = {
  name: '',
  class: 'org-internal',
  location: 'vpc',
  parentId: null,
  firewall: '',
  firewallContextId: null,
}

export function emptyParty(model: Model): PartyDraft {
  const { networks } = model.topology
  const first = networks.find((network) => network.class === 'org-internal') ?? networks[0]
  const network: Choice<NetworkDraft> = first
    ? { kind: 'existing', id: first.id }
    : { kind: 'new', draft: emptyNetwork }
  return {
    name: '',
    owner: first?.class === 'non-org-external' ? 'third-party' : 'organisation',
    team: '',
    identities: '',
    network,
  }
}

/** The fields of a network and of a party that say themselves what the server refused of them. */
export const networkFields = ['name', 'class', 'parentId', 'firewall', 'firewallContextId'].map(
  (field) => `/network/${field}`,
)
export const partyFields = [
  '/party/name',
  '/party/team',
  '/party/networkId',
  '/party/identities',
  ...networkFields,
]

/** A form may send more than one thing: the faults of each point to its part of the form. */
async function sending<T>(part: 'network' | 'party', work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const { document } = asProblem(error)
    const faults = document.faults.map((fault) => ({ ...fault, pointer: `/${part}${fault.pointer}` }))
    throw new ProblemError({ ...document, faults })
  }
}

export function saveNetwork(draft: NetworkDraft, known?: NetworkView): Promise<NetworkView> {
  const firewall = draft.class === 'org-internal' ? '' : draft.firewall.trim()
  // Without a firewall there is nothing that could end a context.
  const firewallContextId = firewall === '' ? null : draft.firewallContextId
  const body = { ...draft, firewall: firewall === '' ? null : firewall, firewallContextId }
  const work = known
    ? sendJson('PATCH', `/networks/${known.id}`, body, networkView, { ifMatch: known.version })
    : sendJson('POST', '/networks', body, networkView)
  return sending('network', work)
}

/** Saves the party, and first the network that is new; `made` hears of that at once, so that no second try makes it again. */
export async function saveParty(
  kind: PartyKind,
  draft: PartyDraft,
  made: (network: Choice<NetworkDraft>) => void,
  known?: PartyView,
): Promise<PartyView> {
  let { network } = draft
  if (network.kind === 'new') {
    network = { kind: 'existing', id: (await saveNetwork(network.draft)).id }
    made(network)
  }
  const body = {
    name: draft.name,
    owner: draft.owner,
    team: draft.team.trim() || null,
    identities: identitiesIn(draft),
    networkId: network.kind === 'existing' ? network.id : '',
  }
  const work = known
    ? sendJson('PATCH', `/parties/${known.id}`, body, partyView, { ifMatch: known.version })
    : sendJson('POST', '/parties', { ...body, kind }, partyView)
  return sending('party', work)
}

const flow = z.object({ id: z.string() })

export function saveFlow(consumerId: string, apiId: string): Promise<{ id: string }> {
  return sendJson('POST', '/flows', { consumerId, apiId }, flow)
}

export function identitiesIn({ identities }: Pick<PartyDraft, 'identities'>): string[] {
  return identities.split('\n').flatMap((line) => line.trim() || [])
}

/** What is wrong with the first line that is no identity. */
export function identitiesFault(draft: Pick<PartyDraft, 'identities'>): string | undefined {
  return identitiesIn(draft)
    .map(identityFault)
    .find((fault) => fault !== undefined)
}

/** Nothing is left to say before it can be sent. */
export function isWhole(model: Model, kind: PartyKind, draft: PartyDraft): boolean {
  const faults = [placementFault(model, kind, draft), identitiesFault(draft)]
  return draft.name.trim() !== '' && faults.every((fault) => fault === undefined)
}

/** Why the party could not stand there, told while it is chosen and not only when it is sent. */
export function placementFault(model: Model, kind: PartyKind, draft: PartyDraft): string | undefined {
  const { network, owner, name } = draft
  const cls = network.kind === 'new' ? network.draft.class : model.networks.get(network.id)?.class
  if (!cls) return undefined
  return refusePlacement({ name: name || `This ${kind}`, kind, owner, networkClass: cls })?.detail
}

export function networkOption({ id, name, class: cls, location }: NetworkView) {
  return { value: id, label: name, hint: `${networkClassName[cls]}, ${locationLabel[location]}` }
}
