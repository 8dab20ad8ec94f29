import { inbound, outbound } from '../../testing/certificates.ts'
import { changed, sound } from '../../testing/sound.ts'
import { api, https } from '../../testing/stored.ts'
import { bothFlows, firewallLeg, orders, shopLeg, upstreamLeg, withInbound } from './findings.ts'
import type { Row } from './row.ts'

/** Listeners, and the TLS that is spoken there and towards upstreams. */
export const listenerRows: readonly Row[] = [
  {
    code: 'tls.version-cipher-mismatch',
    severity: 'warning',
    when: 'only suites of TLS 1.3 stand beside a minimum of 1.2',
    stored: withInbound({ ciphers: ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'] }),
    about: 'api:Orders',
    why: 'Orders speaks TLS 1.2 to 1.3 with its clients, but names suites of TLS 1.3 alone, so the lower minimum has no effect.',
    fix: 'set-tls-versions api:Orders safe',
    legs: [shopLeg, firewallLeg],
    flows: bothFlows,
  },
  {
    code: 'tls.version-cipher-mismatch',
    severity: 'warning',
    when: 'no suite of TLS 1.3 stands beside a maximum of 1.3',
    stored: orders({
      outbound: outbound({ contextId: 'White', ciphers: ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'] }),
    }),
    about: 'api:Orders',
    why: 'Orders speaks TLS 1.2 to 1.3 with its upstream, but names no suite of TLS 1.3, so the higher maximum has no effect.',
    fix: 'set-tls-versions api:Orders safe',
    legs: [upstreamLeg],
    flows: bothFlows,
  },
  {
    code: 'tls.version-cipher-mismatch',
    severity: 'warning',
    when: 'versions and suites leave nothing to agree on',
    stored: withInbound({ minVersion: '1.3', ciphers: ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'] }),
    about: 'api:Orders',
    why: 'so nothing can be agreed on',
    fix: 'edit-tls api:Orders',
  },
  {
    code: 'listener.port-conflict',
    severity: 'error',
    when: 'two APIs of one port and host ask for different TLS',
    stored: {
      ...sound,
      apis: [
        ...sound.apis,
        api('Billing', {
          providerId: 'Order team',
          upstreamUrl: 'https://billing',
          inbound: inbound({ contextId: 'White', minVersion: '1.3' }),
          outbound: outbound({ contextId: 'White' }),
        }),
      ],
    },
    about: 'listener:edge/https',
    why: 'Billing 1.0 and Orders 1.0 share port 443 of edge and ask for different TLS there.',
    fix: 'edit-tls api:Orders',
    flows: bothFlows,
  },
  {
    code: 'listener.port-conflict',
    severity: 'error',
    when: 'two APIs of one port answer at one base path',
    stored: {
      ...sound,
      apis: [
        ...sound.apis,
        api('Orders again', {
          providerId: 'Order team',
          basePath: '/Orders',
          upstreamUrl: 'https://orders',
          inbound: inbound({ contextId: 'White' }),
          outbound: outbound({ contextId: 'White' }),
        }),
      ],
    },
    about: 'listener:edge/https',
    why: 'Orders 1.0 and Orders again 1.0 share port 443 of edge and answer at the same base path /Orders.',
    fix: 'edit-tls api:Orders again',
    flows: bothFlows,
  },
  {
    code: 'listener.port-conflict',
    severity: 'error',
    when: 'two listeners want one port',
    stored: changed(sound, 'gateways', 'edge', {
      listeners: [https, { ...https, id: 'inner', address: '10.0.0.1' }],
    }),
    about: 'listener:edge/inner',
    why: 'The listeners https and inner of edge both want port 443.',
    fix: 'edit-listener gateway:edge',
  },
]
