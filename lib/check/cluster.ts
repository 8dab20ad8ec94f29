import { z } from 'zod'
import {
  clusterDns,
  type NetworkPolicyRules,
  type Place,
  type Pod,
  type Protocol,
} from '#domain/network-policy.ts'

/**
 * What stands around gateways in a cluster: which pods a name leads to, and what is known of them. No more than that is
 * taken of documents, since what runs pods may hold passwords.
 */

const labels = z.record(z.string(), z.string())
const metadata = z.object({
  name: z.string(),
  namespace: z.string().default('default'),
  labels: labels.default({}),
})
const protocol = z.enum(['TCP', 'UDP', 'SCTP']).default('TCP')

/** A Service of Kubernetes, as far as it says where its connections end. */
export const clusterService = z.object({
  metadata,
  spec: z.object({
    selector: labels.optional(),
    ports: z
      .array(
        z.object({
          port: z.int(),
          targetPort: z.union([z.int(), z.string()]).optional(),
          protocol,
        }),
      )
      .default([]),
  }),
})

export const namespace = z.object({ metadata })

/** What makes pods: their labels and what their ports are called. */
export const workload = z.object({
  metadata,
  spec: z.object({
    template: z.object({
      metadata: z.object({ labels: labels.default({}) }).default({ labels: {} }),
      spec: z.object({
        containers: z
          .array(
            z.object({
              image: z.string().default(''),
              ports: z
                .array(z.object({ name: z.string().optional(), containerPort: z.int(), protocol }))
                .default([]),
            }),
          )
          .default([]),
      }),
    }),
  }),
})

export type ClusterService = z.infer<typeof clusterService>
export type Namespace = z.infer<typeof namespace>
export type Workload = z.infer<typeof workload>
type Labels = Readonly<Record<string, string>>

export interface Surroundings {
  readonly services: readonly ClusterService[]
  readonly namespaces: readonly Namespace[]
  readonly workloads: readonly Workload[]
}

interface Known extends Surroundings {
  readonly policies: readonly NetworkPolicyRules[]
}

/** Where a connection really ends: the port of a pod may differ from that of its Service. */
export interface Destination {
  readonly place: Place
  readonly port: number
}

/** Labels by which pods say what they are, the usual one first. */
const nameLabels = ['app', 'app.kubernetes.io/name', 'k8s-app', 'name']
const gatewayName = /flex|gateway|hexgate/
const gatewayImage = /flex-gateway|hexgate/

/** Finds places in a cluster of which documents tell a part. */
export class Cluster {
  readonly #known: Known

  constructor(known: Known) {
    this.#known = known
  }

  /** The pods of the gateway of a namespace: by its image, else by the name that NetworkPolicies call it. */
  gateway(inside: string): Pod {
    return this.gatewayFound(inside).pod
  }

  /** The same, and how they were told from others. */
  gatewayFound(inside: string): { pod: Pod; by: 'image' | 'name' | 'nothing' } {
    const running = this.#known.workloads.find(
      ({ metadata: { namespace }, spec }) =>
        namespace === inside && spec.template.spec.containers.some(({ image }) => gatewayImage.test(image)),
    )
    const named = this.#selectedLabels(inside).find((all) =>
      nameLabels.some((label) => gatewayName.test(all[label] ?? '')),
    )
    const labelled = running?.spec.template.metadata.labels ?? named ?? { app: 'flex-gateway' }
    return { pod: this.pod(inside, labelled), by: running ? 'image' : named ? 'name' : 'nothing' }
  }

  /** Namespaces in which something runs the image of a gateway. */
  get gatewayNamespaces(): string[] {
    const running = this.#known.workloads.filter(({ spec }) =>
      spec.template.spec.containers.some(({ image }) => gatewayImage.test(image)),
    )
    return [...new Set(running.map(({ metadata: { namespace: inside } }) => inside))]
  }

  /** Where a URL leads from a namespace. */
  reached({ hostname, port, protocol: scheme }: URL, from: string): Destination {
    const usual = /^(?:https|wss):$/.test(scheme) ? 443 : 80
    return this.destination(hostname, port === '' ? usual : Number(port), from)
  }

  /** The same for a host and a port. */
  destination(host: string, port: number, from: string): Destination {
    if (/^[\d.]+$/.test(host) || host.startsWith('['))
      return { place: { kind: 'address', address: host.replace(/^\[|\]$/g, '') }, port }
    const [name = '', second, third] = host.split('.')
    const isCluster = second === undefined || third === 'svc' || (third === undefined && this.#has(second))
    const inside = isCluster && second !== undefined ? second : from
    const service = isCluster ? this.#service(name, inside) : undefined
    if (service?.spec.selector) return this.#behind(service, service.spec.selector, port)
    const labelled = this.#labelsFor(name, inside)
    if (labelled) return { place: this.pod(inside, labelled), port }
    if (isCluster) return { place: this.pod(inside, { app: name }), port }
    return { place: { kind: 'address', address: null }, port }
  }

  #behind({ metadata, spec }: ClusterService, selector: Labels, port: number): Destination {
    const place = this.pod(metadata.namespace, selector)
    const target = spec.ports.find((one) => one.port === port)?.targetPort ?? port
    if (typeof target === 'number') return { place, port: target }
    return { place, port: place.portNames[target]?.port ?? port }
  }

  #service(name: string, inside: string): ClusterService | undefined {
    return this.#known.services.find(
      ({ metadata }) => metadata.name === name && metadata.namespace === inside,
    )
  }

  #has(inside: string): boolean {
    const { namespaces, services, policies } = this.#known
    return (
      namespaces.some(({ metadata }) => metadata.name === inside) ||
      services.some(({ metadata }) => metadata.namespace === inside) ||
      policies.some(({ namespace }) => namespace === inside)
    )
  }

  /** Pods that a NetworkPolicy or a workload calls by a name. */
  #labelsFor(name: string, inside: string): Labels | undefined {
    return [...this.#workloadLabels(inside), ...this.#selectedLabels(inside)].find((all) =>
      nameLabels.some((label) => all[label] === name),
    )
  }

  #workloadLabels(inside: string): Labels[] {
    return this.#known.workloads
      .filter(({ metadata }) => metadata.namespace === inside)
      .map(({ spec }) => spec.template.metadata.labels)
  }

  #selectedLabels(inside: string): Labels[] {
    return this.#known.policies
      .filter(({ namespace }) => namespace === inside)
      .flatMap(({ spec }) => [
        spec.podSelector,
        ...[
          ...(spec.ingress ?? []).flatMap(({ from = [] }) => from),
          ...(spec.egress ?? []).flatMap(({ to = [] }) => to),
        ].flatMap(({ podSelector, namespaceSelector }) => (namespaceSelector ? [] : (podSelector ?? []))),
      ])
      .flatMap(({ matchLabels }) => (matchLabels ? [matchLabels] : []))
  }

  /** Pods with these labels, and with what else is known of them. */
  pod(inside: string, of: Labels): Pod {
    if (inside === clusterDns.namespace && of['k8s-app'] === clusterDns.labels['k8s-app']) return clusterDns
    const made = this.#known.workloads.find(
      ({ metadata, spec }) =>
        metadata.namespace === inside &&
        Object.entries(of).every(([key, value]) => spec.template.metadata.labels[key] === value),
    )
    const ports = made?.spec.template.spec.containers.flatMap((container) => container.ports) ?? []
    const portNames: Record<string, { protocol: Protocol; port: number }> = Object.fromEntries(
      ports.flatMap(({ name, containerPort, protocol: spoken }) =>
        name === undefined ? [] : [[name, { protocol: spoken, port: containerPort }] as const],
      ),
    )
    return {
      kind: 'pod',
      namespace: inside,
      namespaceLabels:
        this.#known.namespaces.find(({ metadata }) => metadata.name === inside)?.metadata.labels ?? {},
      labels: made?.spec.template.metadata.labels ?? of,
      portNames,
    }
  }
}
