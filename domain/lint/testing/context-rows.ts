import { outbound } from '../../testing/certificates.ts'
import { changed, sound } from '../../testing/sound.ts'
import { bothFlows, firewallLeg, orders, outerLeg, shopLeg, upstreamLeg, withInbound } from './findings.ts'
import type { Row } from './row.ts'

/** Contexts, and sides of APIs that validate nobody or have none. */
export const contextRows: readonly Row[] = [
  {
    code: 'context.keystore-not-issued',
    severity: 'error',
    when: 'the keystore’s leaf comes from another CA',
    stored: changed(sound, 'contexts', 'White', { keystoreId: 'cloud-cert' }),
    about: 'context:White',
    why: 'cloud-cert in the keystore of White was issued by CN=Partner-facing CA, not by Internal CA of the same context.',
    fix: 'issue-certificate context:White',
    legs: [shopLeg, firewallLeg, upstreamLeg],
    flows: bothFlows,
  },
  {
    code: 'context.keystore-not-issued',
    severity: 'error',
    when: 'there is nothing in the keystore to show to clients',
    stored: changed(sound, 'contexts', 'White', { keystoreId: null }),
    about: 'context:White',
    why: 'White has no certificate in its keystore, so there is none to show to the clients of Orders.',
    fix: 'issue-certificate context:White',
  },
  {
    code: 'context.grey-ca-is-ours',
    severity: 'error',
    when: 'the organisation runs the CA of a grey context',
    stored: changed(sound, 'authorities', 'Their CA', { runBy: 'organisation' }),
    about: 'context:Grey',
    why: 'Grey is non-organisation external, where the third party runs the CA, but the organisation runs Their CA.',
    fix: 'edit-context context:Grey',
    legs: [outerLeg],
    flows: ['Partner to Orders'],
  },
  {
    code: 'context.internal-used-outside',
    severity: 'error',
    when: 'a white context is used on an external leg',
    stored: changed(sound, 'networks', 'Partners', { firewallContextId: 'White' }),
    about: 'context:White',
    why: 'White is for the internal network alone and is used outside of it, on Partner to WAF.',
    fix: 'choose-context context:White',
    legs: [outerLeg],
    flows: ['Partner to Orders'],
  },
  {
    code: 'context.skip-validation',
    severity: 'error',
    when: 'the certificate of the far side is not validated',
    stored: orders({ outbound: outbound({ contextId: 'White', skipValidation: true }) }),
    about: 'api:Orders',
    why: 'Orders takes any certificate of its upstream (skipValidation), so whoever answers at https://orders.internal is believed.',
    fix: 'edit-tls api:Orders',
    legs: [upstreamLeg],
    flows: bothFlows,
  },
  {
    code: 'context.absent',
    severity: 'warning',
    when: 'certificates stand in the policy itself',
    stored: withInbound({ contextId: null }),
    about: 'api:Orders',
    why: 'The certificates of Orders towards its clients stand in its policies, so that nothing says whose CA proves them.',
    fix: 'make-context api:Orders',
    legs: [shopLeg, firewallLeg],
    flows: bothFlows,
  },
]
