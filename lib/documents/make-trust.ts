import type { DocumentWish } from '#domain/documents.ts'
import type { Secret } from '#domain/secret.ts'
import type { Actor } from '../actor.ts'
import { createAuthority } from '../trust/write-authority.ts'
import { createCertificate } from '../trust/write-certificate.ts'
import { createContext } from '../trust/write-context.ts'
import { classOf, runByOf } from './context-classes.ts'
import { isShowable, type Known } from './known.ts'
import type { PlannedContext } from './plan-tls.ts'

/** The contexts by the names that the plan gives them. */
export async function makeTrust(
  actor: Actor,
  contexts: readonly PlannedContext<Secret>[],
  known: Known,
  wish: DocumentWish,
): Promise<ReadonlyMap<string, string>> {
  const classes = contexts.map((one) => ({
    ...classOf(one, known, wish.contexts),
    pems: one.authorities.map(({ pem }) => pem),
  }))
  const made = new Map<string, string>()
  const authorities = new Map(known.authorities)
  for (const [index, { name, authorities: wanted, keystore }] of contexts.entries()) {
    const authorityIds: string[] = []
    for (const { name: caName, pem } of wanted) {
      const id =
        authorities.get(known.hashOf(pem)) ??
        (await makeAuthority(actor, { caName, pem, runBy: runByOf(pem, classes) }, known))
      authorities.set(known.hashOf(pem), id)
      if (!authorityIds.includes(id)) authorityIds.push(id)
    }
    const isShown = keystore !== null && isShowable(keystore, known)
    const certificateId = keystore && (await makeCertificate(actor, keystore, known))
    const keystoreId = isShown ? certificateId : null
    const input = {
      name: known.free('context', name),
      class: classes[index]?.class ?? 'org-internal',
      authorityIds,
      keystoreId,
    }
    made.set(name, (await createContext(actor, input)).id)
  }
  return made
}

async function makeAuthority(
  actor: Actor,
  { caName, pem, runBy }: { caName: string; pem: string; runBy: ReturnType<typeof runByOf> },
  known: Known,
): Promise<string> {
  const input = {
    name: known.free('authority', caName),
    runBy,
    content: { text: pem },
  }
  return (await createAuthority(actor, input)).id
}

async function makeCertificate(
  actor: Actor,
  { name, kind, chain, key }: NonNullable<PlannedContext<Secret>['keystore']>,
  known: Known,
): Promise<string> {
  const before = known.certificates.get(known.hashOf(chain))
  if (before !== undefined) return before
  const text = key === null ? chain : `${chain}\n${key.reveal()}`
  const { id } = await createCertificate(actor, {
    ...{ source: 'import', kind, rotationWindowDays: null, content: { text } },
    name: known.free('certificate', name),
  })
  known.certificates.set(known.hashOf(chain), id)
  if (key !== null) known.keyed.add(id)
  return id
}
