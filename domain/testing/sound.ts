import type { ApiView, Stored } from '../stored.ts'
import { authority, certificate, context, inbound, outbound } from './certificates.ts'
import { api, gateway, https, network, nothingStored, party } from './stored.ts'

/** Orders as it should be, but for what is said otherwise. */
export function ordersApi(change: Parameters<typeof api>[1] = {}): ApiView {
  return api('Orders', {
    providerId: 'Order team',
    upstreamUrl: 'https://orders.internal',
    inbound: inbound({ contextId: 'White' }),
    outbound: outbound({ contextId: 'White' }),
    ...change,
  })
}

/**
 * A topology against which nothing is to be said: Shop inside the VPC and Partner behind a firewall call Orders,
 * with mTLS on every leg, by the white context and beyond the firewall by the grey one.
 */
export const sound: Stored = {
  ...nothingStored,
  networks: [
    network('VPC'),
    network('Cloud', 'org-external', { firewall: 'Cloud edge', firewallContextId: 'Green' }),
    network('Partners', 'non-org-external', { firewall: 'WAF', firewallContextId: 'Grey' }),
  ],
  parties: [
    party('Shop', 'consumer', 'VPC'),
    party('Partner', 'consumer', 'Partners', { owner: 'third-party' }),
    party('Order team', 'provider', 'VPC'),
  ],
  gateways: [gateway('edge', { networkId: 'VPC', listeners: [https] })],
  apis: [ordersApi()],
  flows: [
    { id: 'Shop to Orders', consumerId: 'Shop', apiId: 'Orders' },
    { id: 'Partner to Orders', consumerId: 'Partner', apiId: 'Orders' },
  ],
  authorities: [
    authority('Internal CA'),
    authority('Partner-facing CA'),
    authority('Their CA', { runBy: 'third-party' }),
  ],
  certificates: [
    certificate('edge-cert', 'Internal CA'),
    certificate('cloud-cert', 'Partner-facing CA'),
    certificate('their-cert', 'Their CA'),
  ],
  contexts: [
    context('White', { authorityIds: ['Internal CA'], keystoreId: 'edge-cert' }),
    context('Green', {
      class: 'org-external',
      authorityIds: ['Partner-facing CA'],
      keystoreId: 'cloud-cert',
    }),
    context('Grey', { class: 'non-org-external', authorityIds: ['Their CA'], keystoreId: 'their-cert' }),
  ],
}

type Listed = { readonly id: string }
type Lists = { [List in keyof Stored]: Stored[List] extends readonly Listed[] ? List : never }[keyof Stored]

/** The same with one thing of it changed. */
export function changed<List extends Lists>(
  stored: Stored,
  list: List,
  id: string,
  change: Partial<Stored[List][number]>,
): Stored {
  const all: readonly Listed[] = stored[list]
  if (!all.some((each) => each.id === id)) throw new Error(`there is no ${id} among the ${list}`)
  return { ...stored, [list]: all.map((each) => (each.id === id ? { ...each, ...change } : each)) }
}
