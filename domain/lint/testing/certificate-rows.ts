import type { Stored } from '../../stored.ts'
import { caFacts, certificate, context, inbound, inDays } from '../../testing/certificates.ts'
import { changed, sound } from '../../testing/sound.ts'
import { bothFlows, edgeCert, firewallLeg, orders, outerLeg, shopLeg, upstreamLeg } from './findings.ts'
import type { Row } from './row.ts'

/** Inside one development environment alone. */
const inDevelopment = (stored: Stored) =>
  changed(stored, 'gateways', 'edge', { environment: 'laptop', environmentKind: 'development' })

const selfSigned = edgeCert({ facts: { issuer: 'CN=edge-cert', selfSigned: true } })

/** Certificates that something uses, and CAs. */
export const certificateRows: readonly Row[] = [
  {
    code: 'cert.expired',
    severity: 'error',
    when: 'a leaf has expired',
    stored: edgeCert({ facts: { notAfter: inDays(-3) } }),
    about: 'certificate:edge-cert',
    why: 'edge-cert (CN=edge-cert) expired on 2026-05-29 by the clock of the nodes; it is used on 3 legs for Orders.',
    fix: 'rotate-certificate certificate:edge-cert',
    legs: [shopLeg, firewallLeg, upstreamLeg],
    flows: bothFlows,
  },
  {
    code: 'cert.expired',
    severity: 'error',
    when: 'a CA has expired',
    stored: changed(sound, 'authorities', 'Their CA', {
      certificate: caFacts('CN=Their CA', { notAfter: inDays(-1) }),
    }),
    about: 'authority:Their CA',
    why: 'Their CA (CN=Their CA) expired on 2026-05-31',
    fix: 'rotate-authority authority:Their CA',
    legs: [outerLeg],
    flows: ['Partner to Orders'],
  },
  {
    code: 'cert.not-yet-valid',
    severity: 'error',
    when: 'a leaf is not valid yet, by more than clocks may differ',
    stored: edgeCert({ facts: { notBefore: inDays(1) } }),
    about: 'certificate:edge-cert',
    why: 'edge-cert (CN=edge-cert) is valid from 2026-06-02T12:00:00.000Z on alone, by the clock of the nodes (clocks may differ by 60 s)',
    fix: 'rotate-certificate certificate:edge-cert',
  },
  {
    code: 'cert.expiring',
    severity: 'warning',
    when: 'a leaf is in its window',
    stored: edgeCert({ facts: { notAfter: inDays(19) } }),
    about: 'certificate:edge-cert',
    why: 'edge-cert (CN=edge-cert) expires in 19 days, on 2026-06-20, inside its window of 30 days; it is used on 3 legs for Orders.',
    fix: 'rotate-certificate certificate:edge-cert',
    legs: [shopLeg, firewallLeg, upstreamLeg],
    flows: bothFlows,
  },
  {
    code: 'cert.expiring',
    severity: 'error',
    when: 'a leaf is in the last quarter of its window',
    stored: edgeCert({ facts: { notAfter: inDays(7) } }),
    about: 'certificate:edge-cert',
    why: 'expires in 7 days',
    fix: 'rotate-certificate certificate:edge-cert',
  },
  {
    code: 'cert.chain-incomplete',
    severity: 'error',
    when: 'an intermediate is missing and nobody knows it',
    stored: edgeCert({ facts: { issuer: 'CN=Issuing CA 1' } }),
    about: 'certificate:edge-cert',
    why: 'edge-cert in the keystore of White comes without CN=Issuing CA 1, which was looked for and is neither sent nor trusted there: unknown authority.',
    fix: 'complete-chain certificate:edge-cert',
    legs: [shopLeg, firewallLeg, upstreamLeg],
    flows: bothFlows,
  },
  {
    code: 'cert.self-signed-in-production',
    severity: 'error',
    when: 'a self-signed leaf is shown in production',
    stored: selfSigned,
    about: 'certificate:edge-cert',
    why: 'edge-cert is self-signed and shown at edge (production): no CA vouches for it, and nobody can revoke it.',
    fix: 'issue-certificate certificate:edge-cert',
  },
  {
    code: 'cert.self-signed-in-development',
    severity: 'note',
    when: 'a self-signed leaf is shown in development',
    stored: inDevelopment(selfSigned),
    about: 'certificate:edge-cert',
    why: 'edge-cert is self-signed and shown at edge (laptop): that is allowed in a development environment and would be an error in production.',
    fix: 'issue-certificate certificate:edge-cert',
  },
  {
    code: 'cert.weak-key',
    severity: 'error',
    when: 'an RSA key has fewer than 2048 bits',
    stored: edgeCert({ facts: { key: { algorithm: 'RSA', bits: 2047 } } }),
    about: 'certificate:edge-cert',
    why: 'edge-cert (CN=edge-cert) has an RSA key of 2047 bits, which is too short to be trusted.',
    fix: 'issue-certificate certificate:edge-cert',
  },
  {
    code: 'cert.wrong-usage',
    severity: 'error',
    when: 'a certificate is shown to clients without serverAuth',
    stored: withServingContext(orders({ inbound: inbound({ contextId: 'Serving' }) })),
    about: 'certificate:serving-cert',
    why: 'serving-cert is shown as a server certificate without the usage serverAuth; it has clientAuth.',
    fix: 'issue-certificate certificate:serving-cert',
    legs: [shopLeg, firewallLeg],
    flows: bothFlows,
  },
  {
    code: 'cert.wrong-usage',
    severity: 'error',
    when: 'a certificate is shown to an upstream without clientAuth',
    stored: edgeCert({ facts: { extendedKeyUsages: ['serverAuth'] } }),
    about: 'certificate:edge-cert',
    why: 'edge-cert is shown as a client certificate without the usage clientAuth; it has serverAuth.',
    fix: 'issue-certificate certificate:edge-cert',
  },
]

function withServingContext(stored: Stored): Stored {
  const serving = certificate('serving-cert', 'Internal CA', { facts: { extendedKeyUsages: ['clientAuth'] } })
  return {
    ...stored,
    certificates: [...stored.certificates, serving],
    contexts: [
      ...stored.contexts,
      context('Serving', { authorityIds: ['Internal CA'], keystoreId: 'serving-cert' }),
    ],
  }
}
