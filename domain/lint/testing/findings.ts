import type { ObservedPeer } from '../../peer.ts'
import type { Stored } from '../../stored.ts'
import { certificate, inbound, now } from '../../testing/certificates.ts'
import { seen } from '../../testing/peers.ts'
import { changed, ordersApi, sound } from '../../testing/sound.ts'
import { describeTopology } from '../../topology.ts'

export const judged = (stored: Stored) => describeTopology(stored, now).findings
export const firewallLeg = 'inbound:firewall:Partners:gateway:edge'
export const outerLeg = 'inbound:consumer:Partner:firewall:Partners'
export const shopLeg = 'inbound:consumer:Shop:gateway:edge'
export const upstreamLeg = 'outbound:gateway:edge:api:Orders'
export const bothFlows = ['Partner to Orders', 'Shop to Orders']

export const orders = (change: Parameters<typeof ordersApi>[0]): Stored => ({
  ...sound,
  apis: [ordersApi(change)],
})
export const withInbound = (change: Parameters<typeof inbound>[0]) =>
  orders({ inbound: inbound({ contextId: 'White', ...change }) })
export const edgeCert = (change: Parameters<typeof certificate>[2]) =>
  changed(sound, 'certificates', 'edge-cert', certificate('edge-cert', 'Internal CA', change))

export const seeing = (...peers: ObservedPeer[]): Stored => ({ ...sound, observed: seen(...peers) })
