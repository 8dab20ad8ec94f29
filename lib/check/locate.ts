import type { FlexFault } from '#dialects/flex/document.ts'
import type { Finding } from '#domain/finding.ts'
import { type NetworkPolicyRules, selectingPolicies } from '#domain/network-policy.ts'
import type { ApiView } from '#domain/stored.ts'
import type { ApiPlaces, Drawn, Where } from './topology.ts'
import { rulesOf } from './topology.ts'

/** Finds where that stands which a finding is about. */
export function locator(drawn: Drawn): (finding: Finding) => FlexFault {
  return (finding) => {
    const { document, path } = policyOf(finding, drawn) ?? apiPlace(finding, drawn)
    return document.fault(path, '')
  }
}

function apiPlace(finding: Finding, { apis, stored }: Drawn): Where {
  const { code, about, fix } = finding
  const apiId = [fix.target, about].find(({ kind }) => kind === 'api')?.id
  // What is about a gateway or one of its listeners stands at an API there.
  const gatewayId = about.kind === 'listener' ? about.id.split('/')[0] : fix.target.id
  const api =
    stored.apis.find((one) => one.id === apiId) ?? stored.apis.find((one) => one.gatewayId === gatewayId)
  const places = api && apis.get(api.id)
  if (!api || !places)
    throw new Error(`nothing in the documents is known by ${code} about ${about.kind} ${about.id}`)
  if (code === 'listener.port-conflict') return places.instance
  const side = sidePlace(places, api, finding) ?? places.instance
  const member = memberOf(code)
  return member === null || side === places.instance
    ? side
    : { ...side, path: [...side.path, ...member(side)] }
}

function sidePlace(
  { inbound, upstreams }: ApiPlaces,
  api: ApiView,
  { id, code, about }: Finding,
): Where | null {
  // One name may begin as another one does; the longer one is then meant.
  const [named] = [...upstreams]
    .filter(([name]) => id.includes(`#outbound:${name}`))
    .toSorted(([a], [b]) => b.length - a.length)
  if (named) return named[1]
  if (code === 'context.skip-validation') {
    const careless = api.upstreams.find(({ outbound }) => outbound?.skipValidation === true)
    return upstreams.get(careless?.name ?? '') ?? null
  }
  if (about.kind === 'leg' && about.id.startsWith('outbound:')) return [...upstreams.values()][0] ?? null
  return inbound
}

/** The member of TLS that a code is about, as members and as policies call it. */
function memberOf(code: Finding['code']): ((side: Where) => string[]) | null {
  if (code === 'tls.version-cipher-mismatch')
    return ({ path }) => [path.at(-1) === 'config' ? 'ciphers' : 'cipherSuites']
  if (code === 'context.skip-validation') return () => ['skipValidation']
  return code.startsWith('cert.') ? () => ['certificate'] : null
}

/** The policy that stands in the way: the one that is closest to the pod. */
function policyOf({ code, about, id }: Finding, { policies, stored }: Drawn): Where | undefined {
  if (about.kind !== 'network-policies') return undefined
  const set = stored.networkPolicies.find((one) => one.id === about.id)
  const pod = set?.gateways[0]?.pod
  if (!set || !pod) return undefined
  const isEgress = code === 'netpol.egress-blocked'
  const placed = policies.map((one) => ({ ...rulesOf(one), document: one.document }))
  const upstream = set.upstreams.find(({ apiId, port }) => id.endsWith(`:${apiId}:${port}`))?.place
  const out = isEgress ? selectingPolicies('egress', pod, placed) : []
  const into = upstream?.kind === 'pod' ? selectingPolicies('ingress', upstream, placed) : []
  const candidates = isEgress ? [...out, ...into] : selectingPolicies('ingress', pod, placed)
  const [closest] = candidates.toSorted((a, b) => labelsOf(b) - labelsOf(a))
  if (!closest) return undefined
  const { document, spec } = closest
  return { document, path: ['spec', isEgress && spec.egress ? 'egress' : 'podSelector'] }
}

function labelsOf({ spec: { podSelector } }: NetworkPolicyRules): number {
  return Object.keys(podSelector.matchLabels ?? {}).length + (podSelector.matchExpressions?.length ?? 0)
}
