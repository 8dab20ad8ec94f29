import type { TlsContextItem } from '#contract/items.ts'
import type { CertificateFacts } from '#domain/certificate.ts'
import type { Change } from '#domain/deployment.ts'
import { pointerOf } from '#domain/json-pointer.ts'
import { factsInPem } from '../trust/pem-facts.ts'

// More than these nobody reads.
const certificatesMax = 100

/** What changes about an mTLS context, in the words of its certificates. */
export function tlsContextChanges(
  id: string,
  old: TlsContextItem | undefined,
  now: TlsContextItem | undefined,
): Change[] {
  const at = (...path: string[]) => pointerOf(['items', id, ...path])
  const change = (kind: Change['kind'], pointer: string, text: string): Change => ({
    kind,
    pointer,
    text,
    weakens: false,
  })
  if (!old && now) return [change('added', at(), `The mTLS context ${now.name} is added`)]
  if (old && !now) return [change('removed', at(), `The mTLS context ${old.name} is removed`)]
  if (!old || !now) return []
  const name = `The mTLS context ${now.name}`
  const renamed =
    old.name === now.name ? [] : [change('changed', at('name'), `${name} was called ${old.name}`)]
  const [before, after] = [factsIn(old.trustedCa), factsIn(now.trustedCa)]
  const [shown, shows] = [leafOf(old), leafOf(now)]
  return [
    ...renamed,
    ...without(after, before).map((ca) =>
      change('added', at('trustedCa'), `${name} trusts ${titleOf(ca)} from now on`),
    ),
    ...without(before, after).map((ca) =>
      change('removed', at('trustedCa'), `${name} no longer trusts ${titleOf(ca)}`),
    ),
    ...(shown?.sha256 === shows?.sha256
      ? chainChanges(
          old,
          now,
          change('changed', at('keystore'), `${name} shows its certificate by another chain`),
        )
      : [
          change(
            'changed',
            at('keystore'),
            `${name} shows ${titleOf(shows)} in the place of ${titleOf(shown)}`,
          ),
        ]),
  ]
}

// The leaf is the same, so its key is too: what is left are the intermediates.
function chainChanges(old: TlsContextItem, now: TlsContextItem, change: Change): Change[] {
  if (old.kept?.certificateId !== now.kept?.certificateId)
    return [{ ...change, text: `The mTLS context ${now.name} shows ${shownBy(now)}` }]
  return old.keystore?.certificate === now.keystore?.certificate ? [] : [change]
}

function shownBy({ kept }: TlsContextItem): string {
  return kept === undefined ? 'no certificate of its nodes any more' : 'certificates that its nodes keep'
}

function factsIn(pem: string): CertificateFacts[] {
  return factsInPem(pem, certificatesMax) ?? []
}

function leafOf({ keystore }: TlsContextItem): CertificateFacts | undefined {
  return keystore && factsInPem(keystore.certificate, 1)?.[0]
}

function without(all: readonly CertificateFacts[], others: readonly CertificateFacts[]): CertificateFacts[] {
  return all.filter(({ sha256 }) => !others.some((other) => other.sha256 === sha256))
}

function titleOf(facts: CertificateFacts | undefined): string {
  if (facts === undefined) return 'no certificate'
  const { subject, serialNumber, notAfter } = facts
  return `${subject || `the certificate ${serialNumber}`} (until ${notAfter.slice(0, 10)})`
}
