import type { DocumentPlan, DocumentPreview, DocumentWish } from '#domain/documents.ts'
import type { Secret } from '#domain/secret.ts'
import { namespacesIn } from '../networks/applied-content.ts'
import { podsOf } from '../networks/placing.ts'
import { consumerRemarks, networksOfConsumers, placedConsumers, shownConsumers } from './consumers.ts'
import { classOf, type KnownClass } from './context-classes.ts'
import { isShowable, type Known } from './known.ts'
import type { Planned, PlannedApi } from './plan.ts'

/** What documents become, as somebody looks at it before it is made. */

export function shown(planned: Planned<Secret>, known: Known, wish: DocumentWish): DocumentPlan {
  const { contexts, apis } = planned
  const authorities = new Map(contexts.flatMap((one) => one.authorities.map((ca) => [ca.pem, ca] as const)))
  const keystores = new Map(
    contexts.flatMap(({ keystore }) => (keystore ? [[keystore.chain, keystore]] : [])),
  )
  return {
    networks: networksOf(planned, known, wish).map((name) => ({ name, isNew: !known.networks.has(name) })),
    authorities: [...authorities.values()].map(({ name, pem }) => ({
      ...{ name, isNew: !known.authorities.has(known.hashOf(pem)) },
      ...known.factsOf(pem),
    })),
    certificates: [...keystores.values()].map(({ name, kind, chain, key }) => ({
      ...{ name, kind, isNew: !known.certificates.has(known.hashOf(chain)) },
      hasKey: isShowable({ name, kind, chain, key }, known),
      ...known.factsOf(chain),
    })),
    contexts: contexts.map((one) => ({
      name: one.name,
      isNew: true,
      authorities: one.authorities.map(({ name }) => name),
      keystore: one.keystore !== null && isShowable(one.keystore, known) ? one.keystore.name : null,
      ...said(classOf(one, known, wish.contexts)),
    })),
    consumers: shownConsumers(placedConsumers(apis, known, wish.consumers)),
    apis: apis.map((api) => ({
      ...{ name: api.name, isNew: !known.apis.has(api.name), label: labelOf(api) },
      ...{ host: api.host, basePath: api.basePath, upstreamUrl: api.upstreamUrl },
      policies: api.steps.map(({ step }) => step.kind),
      contexts: [...new Set(api.steps.flatMap(({ context }) => context ?? []))],
    })),
    networkPolicies: shownSet(planned, known),
  }
}

/** The set with the namespace that its gateway runs in; null where nothing tells which. */
export function plannedSet({ applied: content, networks }: Planned<Secret>) {
  if (content === null) return null
  const [namespace, another] = namespacesIn(content, networks)
  return namespace === undefined || another !== undefined ? null : { namespace, content }
}

function shownSet(planned: Planned<Secret>, { gateway }: Known): DocumentPlan['networkPolicies'] {
  const set = plannedSet(planned)
  if (set === null) return null
  const { pod } = podsOf({ ...set, gatewayId: gateway.id, app: null })
  return {
    policies: set.content.policies.map(({ namespace, name }) => `${namespace}/${name}`),
    namespace: set.namespace,
    pods: Object.entries(pod.labels)
      .map(([label, value]) => `${label}=${value}`)
      .join(', '),
    isNew: !gateway.hasNetworkPolicies,
  }
}

const said = ({ class: cls, because }: KnownClass) => ({ class: cls, because })

function labelOf({ openapi }: PlannedApi): string {
  return openapi?.label ?? '1.0.0'
}

/** What of the plan needs somebody afterwards. */
export function remarksOf(
  planned: Planned<Secret>,
  known: Known,
  wish: DocumentWish,
): DocumentPreview['notes'] {
  const { notes, contexts, apis, applied } = planned
  const of = (detail: string) => ({ file: 'the portal', line: 1, column: 1, detail })
  const { gateway } = known
  const keyless = contexts.flatMap(({ name, keystore }) =>
    keystore !== null && !isShowable(keystore, known)
      ? [
          of(
            `the key of ${keystore.name} is not among the documents: give it by a rotation, then ${name} can show it`,
          ),
        ]
      : [],
  )
  const homeless = apis.flatMap(({ name, listener }) =>
    listener.port > 0 && !gateway.listeners.some(({ protocol }) => protocol === listener.protocol)
      ? [
          of(
            `${gateway.name} has no ${listener.protocol} listener for ${name}: add one before it is deployed`,
          ),
        ]
      : [],
  )
  const told = notes.map(({ file, line, column, detail }) => ({ file, line, column, detail }))
  const placeless =
    applied !== null && plannedSet(planned) === null
      ? [
          of(
            `the NetworkPolicies are not kept: nothing tells in which namespace ${gateway.name} runs; give them on its page`,
          ),
        ]
      : []
  const classless = contexts.flatMap((one) =>
    classOf(one, known, wish.contexts).isPresumed
      ? [of(`nothing says who runs the CA of ${one.name}: it is presumed to be organisation internal`)]
      : [],
  )
  const consumers = consumerRemarks(placedConsumers(apis, known, wish.consumers)).map(of)
  return [...told, ...keyless, ...homeless, ...placeless, ...classless, ...consumers]
}

/** Namespaces in which APIs are, or consumers. */
export function networksOf({ networks, apis }: Planned<Secret>, known: Known, wish: DocumentWish): string[] {
  const ofConsumers = networksOfConsumers(placedConsumers(apis, known, wish.consumers))
  return [...new Set([...networks, ...ofConsumers])]
}
