import { contextOf } from '../context.ts'
import { whyGreyCaIsOurs, whyNotIssued } from '../context-fit.ts'
import { type Finding, found } from '../finding.ts'
import { readingsOf } from '../leg.ts'
import { listed } from '../listing.ts'
import type { KnownContext } from '../proof.ts'
import { type ApiView, spokenBy } from '../stored.ts'
import { allOf } from '../uses.ts'
import { aboutApi, aboutContext, between, touching, type World } from './world.ts'

/** What is to be said against contexts, and against sides of APIs that validate nobody or have no context. */
export function lintContexts(world: World): Finding[] {
  return [
    ...[...world.contexts.values()].flatMap((context) => [
      ...keystoreNotIssued(context, world),
      ...greyCaIsOurs(context, world),
      ...internalUsedOutside(context, world),
    ]),
    ...world.stored.apis.flatMap((api) => [...skipsValidation(api, world), ...withoutContext(api, world)]),
  ]
}

// ── contexts ────────────────────────────────────────────────────────────────

function keystoreNotIssued(context: KnownContext, world: World): Finding[] {
  const { keystore, authorities, proof } = context
  const why = !keystore
    ? whyNothingToShow(context, world)
    : proof?.anchor != null
      ? null
      : whyNotIssued(context.ref, keystore, authorities, world.issuers)
  if (why === null) return []
  const { ref, view } = context
  const ca = listed(context.authorities.map(({ name }) => name)) || 'its CA'
  return [
    found({
      code: 'context.keystore-not-issued',
      severity: 'error',
      about: aboutContext(ref),
      why,
      fix: {
        kind: 'issue-certificate',
        label: `Give ${ref.name} a certificate that ${ca} issued`,
        target: { kind: 'context', id: view.id },
        isSafe: false,
      },
      ...touching(world.uses.ofContext(view.id)),
    }),
  ]
}

function whyNothingToShow({ ref, view }: KnownContext, world: World): string | null {
  const showing = world.stored.apis.filter(({ inbound }) => inbound?.contextId === view.id)
  if (showing.length === 0) return null
  const names = listed(showing.map(({ name }) => name))
  return `${ref.name} has no certificate in its keystore, so there is none to show to the clients of ${names}.`
}

function greyCaIsOurs({ ref, view, authorities }: KnownContext, { uses }: World): Finding[] {
  const why = whyGreyCaIsOurs(ref, authorities)
  if (why === null) return []
  return [
    found({
      code: 'context.grey-ca-is-ours',
      severity: 'error',
      about: aboutContext(ref),
      why,
      fix: {
        kind: 'edit-context',
        label: `Replace the CA of ${ref.name}`,
        target: { kind: 'context', id: view.id },
        isSafe: false,
      },
      ...touching(uses.ofContext(view.id)),
    }),
  ]
}

function internalUsedOutside({ ref, view }: KnownContext, world: World): Finding[] {
  if (ref.class !== 'org-internal') return []
  const outside = world.legs.filter(
    (leg) =>
      leg.expected !== null &&
      leg.expected.class !== 'org-internal' &&
      readingsOf(leg).some(({ actual }) => contextOf(actual)?.id === view.id),
  )
  if (outside.length === 0) return []
  const flowIds = new Set(outside.flatMap(({ id }) => world.flowsOfLeg.get(id) ?? []).map(({ id }) => id))
  return [
    found({
      code: 'context.internal-used-outside',
      severity: 'error',
      about: aboutContext(ref),
      why: `${ref.name} is for the internal network alone and is used outside of it, on ${listed(outside.map(between))}.`,
      fix: {
        kind: 'choose-context',
        label: 'Choose an external context there',
        target: { kind: 'context', id: view.id },
        isSafe: false,
      },
      ...touching({ legIds: new Set(outside.map(({ id }) => id)), flowIds }),
    }),
  ]
}

// ── sides of APIs ───────────────────────────────────────────────────────────

function skipsValidation(api: ApiView, { uses }: World): Finding[] {
  const careless = api.upstreams.filter(({ outbound }) => outbound?.skipValidation === true)
  if (careless.length === 0) return []
  const where = listed(careless.flatMap(({ urls }) => urls))
  return [
    found({
      code: 'context.skip-validation',
      severity: 'error',
      about: aboutApi(api),
      why: `${api.name} takes any certificate of its upstream (skipValidation), so whoever answers at ${where} is believed.`,
      fix: {
        kind: 'edit-tls',
        label: `Name the CA of the upstream of ${api.name}`,
        target: { kind: 'api', id: api.id },
        isSafe: false,
      },
      ...touching(uses.ofSide(api.id, 'outbound')),
    }),
  ]
}

function withoutContext(api: ApiView, world: World): Finding[] {
  const bare = spokenBy(api).filter(({ tls }) => {
    const shows = 'hasCertificate' in tls ? tls.hasCertificate : true
    return tls.contextId === null && shows
  })
  if (bare.length === 0) return []
  const use = allOf(bare.map(({ side }) => world.uses.ofSide(api.id, side)))
  return [
    found({
      code: 'context.absent',
      severity: 'warning',
      about: aboutApi(api),
      why: `The certificates of ${api.name} towards ${listed(bare.map(({ towards }) => towards))} stand in its policies, so that nothing says whose CA proves them.`,
      fix: {
        kind: 'make-context',
        label: `Make a context of the certificates of ${api.name}`,
        target: { kind: 'api', id: api.id },
        isSafe: false,
      },
      ...touching(use),
    }),
  ]
}
