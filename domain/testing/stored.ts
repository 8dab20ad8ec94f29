import { usualWatch } from '../certificate.ts'
import type { NetworkClass } from '../network.ts'
import type { PartyKind } from '../party.ts'
import { mainUpstream } from '../routing.ts'
import type { ApiView, GatewayView, NetworkView, PartyView, Stored } from '../stored.ts'
import type { OutboundSide } from '../trust.ts'

/** Parts of a topology by name, everything else as it is most of the time. */

export function network(
  id: string,
  cls: NetworkClass = 'org-internal',
  change: Partial<NetworkView> = {},
): NetworkView {
  return {
    id,
    name: id,
    class: cls,
    location: 'cloud',
    parentId: null,
    firewall: null,
    firewallContextId: null,
    version: 1,
    ...change,
  }
}

export function party(
  id: string,
  kind: PartyKind,
  networkId: string,
  change: Partial<PartyView> = {},
): PartyView {
  return {
    id,
    name: id,
    kind,
    owner: 'organisation',
    team: null,
    networkId,
    identities: [],
    version: 1,
    ...change,
  }
}

export const http = { id: 'http', protocol: 'http', address: '0.0.0.0', port: 80 }
export const https = { id: 'https', protocol: 'https', address: '0.0.0.0', port: 443 }

export function gateway(id: string, change: Partial<GatewayView> = {}): GatewayView {
  return {
    id,
    name: id,
    networkId: null,
    environment: 'production',
    environmentKind: 'production',
    listeners: [http],
    revision: 1,
    nodes: { total: 1, online: 1, degraded: 0, current: 1, failedHandshakesPerSecond: null },
    version: 1,
    ...change,
  }
}

/** `outbound` is TLS towards its one upstream, unless it has several. */
export function api(
  id: string,
  { outbound = null, ...change }: Partial<ApiView> & { outbound?: OutboundSide | null } = {},
): ApiView {
  const upstreamUrl = change.upstreamUrl ?? 'http://up'
  return {
    id,
    apiId: `api-${id}`,
    name: id,
    label: '1.0',
    gatewayId: 'edge',
    providerId: null,
    host: '*',
    basePath: `/${id}`,
    listenerIds: [],
    upstreamUrl,
    inbound: null,
    upstreams: [{ name: mainUpstream, urls: [upstreamUrl], outbound }],
    watch: null,
    enabled: true,
    version: 1,
    deployment: 'serving',
    traffic: null,
    failedHandshakes: null,
    ...change,
  }
}

export const nothingStored: Stored = {
  networks: [],
  parties: [],
  gateways: [],
  apis: [],
  flows: [],
  contexts: [],
  authorities: [],
  certificates: [],
  watch: usualWatch,
  networkPolicies: [],
  observed: null,
  acceptances: [],
  arrangement: {},
}
