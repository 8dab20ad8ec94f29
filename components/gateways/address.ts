export const gatewayTabs = [
  'nodes',
  'traffic',
  'listeners',
  'upstreams',
  'certificates',
  'websockets',
] as const
export type GatewayTab = (typeof gatewayTabs)[number]

/** Where a gateway is looked at from that side. */
export function gatewayHref(gatewayId: string, tab: GatewayTab): string {
  return `/gateways/${gatewayId}?tab=${tab}`
}

/** The tab that an address names; the first where it names none. */
export function gatewayTabOf(text: string | null): GatewayTab {
  return gatewayTabs.find((tab) => tab === text) ?? 'nodes'
}

/** The NetworkPolicies around a gateway. */
export function networkPoliciesHref(gatewayId: string): string {
  return `/gateways/${gatewayId}/network-policies`
}
