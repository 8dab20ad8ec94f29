import type { Attachment } from '#dialects/flex/attachments.ts'
import type { PolicyConfigs } from '#dialects/flex/policies.ts'
import type { Placed, Register } from '#dialects/flex/register.ts'
import type { ApiInstance } from '#dialects/flex/resources.ts'

/** Whom documents name as a caller of an API. */
export interface PlannedClient {
  readonly name: string
  /** What its certificates are known by; null for one that shows a key. */
  readonly identity: string | null
  /** The namespace that its name says it runs in; null where it says none. */
  readonly namespace: string | null
}

const serviceAccount = /^spiffe:\/\/[^/]+\/ns\/([a-z0-9-]+)\/sa\/([a-z0-9.-]+)$/
const clusterName = /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc(?:\.[a-z0-9.-]+)?$/

/** What the name in a certificate says of whoever shows it. */
export function clientNamed(identity: string): PlannedClient {
  const [, space, account] = serviceAccount.exec(identity) ?? []
  if (space !== undefined && account !== undefined)
    return { name: `${space}/${account}`, identity, namespace: space }
  const [, service, inside] = clusterName.exec(identity) ?? []
  if (service !== undefined && inside !== undefined)
    return { name: `${inside}/${service}`, identity, namespace: inside }
  return { name: identity, identity, namespace: null }
}

/** The clients that an API lets in by name: by their certificates, and by the names of their keys. */
export function clientsOf(
  instance: Placed<ApiInstance>,
  attachments: readonly Attachment[],
  register: Register,
  configs: PolicyConfigs,
): PlannedClient[] {
  const names = [
    ...(instance.resource.spec.tls?.clientValidation?.subjectAltNames ?? []),
    ...attachments.flatMap(({ kind, config }) => (kind === 'tls' ? textsIn(config['subjectAltNames']) : [])),
  ]
  const [patterns, whole] = [true, false].map((isPattern) =>
    [...new Set(names)].filter((name) => name.includes('*') === isPattern),
  )
  for (const pattern of patterns ?? [])
    register.note(
      'warning',
      instance,
      ['spec'],
      `${pattern} lets in whoever has such a name: add those who do as consumers`,
    )
  const before = register.faults.length
  const keyed = configs.clients(attachments) ?? []
  // What is wrong with them is a matter of those who serve them.
  register.faults.splice(before)
  const byName = new Map(
    [
      ...(whole ?? []).map(clientNamed),
      ...keyed.map(({ name }) => ({ name, identity: null, namespace: null })),
    ].map((client) => [client.name, client]),
  )
  return [...byName.values()]
}

function textsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}
