import { networkClasses } from '../network.ts'
import type { ApiView, GatewayView, NetworkView, PartyView, Stored } from '../stored.ts'
import { describeTopology, type Topology } from '../topology.ts'
import { clientModes, type InboundSide, type OutboundSide } from '../trust.ts'
import { authority, certificate, context, facts, inbound, inDays, now, outbound } from './certificates.ts'
import { numbersFrom, pickerOf } from './random.ts'
import { api, gateway, http, https, network, nothingStored, party } from './stored.ts'

/** Topologies for tests, made from a seed: any size, any nesting, some of it well protected and some of it not. */

export interface Size {
  readonly parties: number
  readonly flows: number
  readonly gateways?: number
}

export function madeUp(seed: number, size: Size): Topology {
  return describeTopology(madeUpStored(seed, size), now)
}

export function madeUpStored(seed: number, size: Size): Stored {
  const dice = diceOf(seed)
  const trust = madeUpTrust(dice)
  const networks = madeUpNetworks(Math.max(3, Math.ceil(size.parties / 8)), trust.contexts, dice)
  const gateways = madeUpGateways(size.gateways ?? 1, networks, dice)
  const parties = Array.from({ length: size.parties }, (_, index) => madeUpParty(index, networks, dice))
  const [consumers, providers] = [ofKind(parties, 'consumer'), ofKind(parties, 'provider')]
  const apis = Array.from({ length: Math.max(1, providers.length) }, (_, index) =>
    madeUpApi(index, { gateways, providers, trust, dice }),
  )
  const flows = Array.from({ length: consumers.length > 0 ? size.flows : 0 }, (_, index) => ({
    id: `f${index}`,
    consumerId: dice.pick(consumers).id,
    apiId: dice.pick(apis).id,
  }))
  return {
    ...nothingStored,
    ...trust,
    networks,
    gateways,
    parties,
    apis,
    flows,
    observed: seenOf(apis, dice),
  }
}

function ofKind(parties: readonly PartyView[], kind: PartyView['kind']): PartyView[] {
  return parties.filter((each) => each.kind === kind)
}

// ── trust ───────────────────────────────────────────────────────────────────

type MadeUpTrust = Pick<Stored, 'authorities' | 'contexts' | 'certificates'>

function madeUpTrust(dice: Dice): MadeUpTrust {
  const authorities = Array.from({ length: 6 }, (_, index) =>
    authority(`CA ${index}`, { runBy: dice.isIn(0.6) ? 'organisation' : 'third-party' }),
  )
  const certificates = Array.from({ length: 12 }, (_, index) =>
    certificate(`certificate ${index}`, dice.pick(authorities).id, {
      kind: dice.isIn(0.5) ? 'server' : 'client',
      renewalMethod: dice.isIn(0.5) ? 'built-in' : 'manual',
      facts: {
        notAfter: inDays(dice.between(-20, 400)),
        ...(dice.isIn(0.2) ? { extendedKeyUsages: ['clientAuth'] } : {}),
        ...(dice.isIn(0.1) ? { issuer: 'CN=Nobody knows' } : {}),
        ...(dice.isIn(0.1) ? { key: { algorithm: 'RSA', bits: 1024 } as const } : {}),
      },
    }),
  )
  const contexts = Array.from({ length: 8 }, (_, index) =>
    context(`context ${index}`, {
      class: dice.pick(networkClasses),
      authorityIds: [...new Set([dice.pick(authorities).id, dice.pick(authorities).id])],
      keystoreId: dice.isIn(0.9) ? dice.pick(certificates).id : null,
    }),
  )
  return { authorities, certificates, contexts }
}

const suites = ['TLS_AES_256_GCM_SHA384', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256']

function common({ contexts }: MadeUpTrust, dice: Dice) {
  const contextId = dice.isIn(0.7) ? dice.pick(contexts).id : null
  const chain = [facts('CN=Inline', { notAfter: inDays(dice.between(-20, 400)) })]
  return {
    contextId,
    inline: contextId === null && dice.isIn(0.5) ? { chain, trusted: [] } : null,
    ciphers: dice.isIn(0.3) ? [dice.pick(suites)] : [],
  }
}

function madeUpInbound(trust: MadeUpTrust, dice: Dice): InboundSide | null {
  return dice.isIn(0.4) ? null : inbound({ ...common(trust, dice), mode: dice.pick(clientModes) })
}

function madeUpOutbound(trust: MadeUpTrust, dice: Dice): OutboundSide | null {
  if (dice.isIn(0.3)) return null
  return outbound({
    ...common(trust, dice),
    hasCertificate: dice.isIn(0.7),
    skipValidation: dice.isIn(0.1),
  })
}

// ── places ──────────────────────────────────────────────────────────────────

function madeUpNetworks(count: number, contexts: Stored['contexts'], dice: Dice): NetworkView[] {
  const networks: NetworkView[] = []
  for (let index = 0; index < count; index++) {
    networks.push(
      network(`n${index}`, networkClasses[index % 3], {
        name: `Network ${index}`,
        location: 'vpc',
        parentId: index > 2 && dice.isIn(0.4) ? dice.pick(networks).id : null,
        firewall: dice.isIn(0.6) ? `waf-${index}` : null,
        firewallContextId: dice.isIn(0.5) ? dice.pick(contexts).id : null,
      }),
    )
  }
  return networks
}

function madeUpGateways(count: number, networks: readonly NetworkView[], dice: Dice): GatewayView[] {
  const inside = networks.filter((each) => each.class === 'org-internal')
  return Array.from({ length: count }, (_, index) =>
    gateway(`g${index}`, {
      name: `edge-${index}`,
      networkId: dice.isIn(0.7) ? dice.pick(inside).id : null,
      environmentKind: dice.isIn(0.5) ? 'production' : 'development',
      listeners: [https, ...(dice.isIn(0.5) ? [http] : [])],
    }),
  )
}

function madeUpParty(index: number, networks: readonly NetworkView[], dice: Dice): PartyView {
  const { id, class: cls } = dice.pick(networks)
  return party(`p${index}`, index % 5 < 3 ? 'consumer' : 'provider', id, {
    name: `Party ${index}`,
    owner: cls === 'non-org-external' ? 'third-party' : 'organisation',
    team: index % 3 === 0 ? null : `Team ${index % 7}`,
  })
}

function madeUpApi(
  index: number,
  {
    gateways,
    providers,
    trust,
    dice,
  }: {
    gateways: readonly GatewayView[]
    providers: readonly PartyView[]
    trust: MadeUpTrust
    dice: Dice
  },
): ApiView {
  return api(`a${index}`, {
    name: `API ${index}`,
    gatewayId: dice.pick(gateways).id,
    providerId: providers.length > 0 && dice.isIn(0.9) ? dice.pick(providers).id : null,
    host: dice.isIn(0.8) ? '*' : 'shared.example',
    basePath: `/a${dice.isIn(0.9) ? index : 0}`,
    listenerIds: dice.isIn(0.3) ? [dice.pick(['http', 'https'])] : [],
    upstreamUrl: dice.isIn(0.6) ? 'https://upstream' : 'http://upstream',
    inbound: madeUpInbound(trust, dice),
    outbound: madeUpOutbound(trust, dice),
    watch: dice.isIn(0.2) ? { expiryWarningDays: dice.between(1, 90), lifetimeFraction: 0.5 } : null,
  })
}

function seenOf(apis: readonly ApiView[], dice: Dice): Stored['observed'] {
  const peers = apis
    .filter(() => dice.isIn(0.3))
    .map(({ id }) => ({
      apiId: id,
      side: dice.pick(['inbound', 'outbound'] as const),
      subject: 'CN=peer',
      issuer: 'CN=CA 1',
      names: [],
      sha256: null,
      anchorSha256: null,
      clientIds: dice.isIn(0.5) ? ['p0'] : [],
      lastSeenAt: inDays(-1),
    }))
  const watched = { since: inDays(-10), publishedAt: inDays(-20) }
  return {
    apis: Object.fromEntries(apis.map(({ id }) => [id, watched])),
    peers,
    callers: [],
    agreements: apis
      .filter(() => dice.isIn(0.3))
      .map(({ id }) => ({
        apiId: id,
        side: dice.pick(['inbound', 'outbound'] as const),
        version: dice.pick(['1.3', '1.2', null]),
        cipher: null,
        isMutual: dice.isIn(0.7),
        firstSeenAt: inDays(-10),
        lastSeenAt: inDays(-0.1),
      })),
  }
}

// ── chance ──────────────────────────────────────────────────────────────────

interface Dice {
  readonly isIn: (share: number) => boolean
  readonly between: (least: number, most: number) => number
  readonly pick: <T>(all: readonly T[]) => T
}

function diceOf(seed: number): Dice {
  const random = numbersFrom(seed)
  return {
    isIn: (share) => random() < share,
    between: (least, most) => least + Math.floor(random() * (most - least)),
    pick: pickerOf(random),
  }
}
