import { X509Certificate } from 'node:crypto'
import { z } from 'zod'
import type { Attachment } from '#dialects/flex/attachments.ts'
import type { Path } from '#dialects/flex/document.ts'
import type { Placed, Register } from '#dialects/flex/register.ts'
import { type ApiInstance, secretInConfig } from '#dialects/flex/resources.ts'
import type { Reference, Secrets } from '#dialects/flex/secrets.ts'
import { parametersOf } from '#dialects/flex/tls.ts'
import { policyOf } from '#policies/index.ts'
import { blocksOf } from '#tls/pem.ts'
import { unusedName } from './unused-name.ts'

/** TLS of documents as contexts, and as policies that name them. */

export interface PlannedContext<Key = string> {
  readonly name: string
  /** One certificate each, as PEM. */
  readonly authorities: readonly { readonly name: string; readonly pem: string }[]
  readonly keystore: PlannedCertificate<Key> | null
}

export interface PlannedCertificate<Key = string> {
  readonly name: string
  readonly kind: 'server' | 'client'
  readonly chain: string
  /** Null where it is not among the documents. Between threads it is a text; then it is a Secret. */
  readonly key: Key | null
}

/** One policy of TLS; its context is filled in once there is one. */
export interface TlsSide {
  readonly kind: 'tls' | 'tls-outbound'
  readonly config: Record<string, unknown>
  readonly context: string | null
  readonly service: string | undefined
}

interface Written {
  readonly kind: TlsSide['kind']
  readonly at: Reference
  readonly path: { readonly certificate: Path; readonly trustedCA: Path }
  readonly certificate: unknown
  readonly trustedCA: unknown
  /** What else it says, as the policy says it. */
  readonly rest: Record<string, unknown>
  readonly service: string | undefined
}

const someContext = '00000000-0000-4000-8000-000000000000'
const inlinePair = z.looseObject({ crt: z.string(), key: z.string().optional() })

export class TlsPlanner {
  readonly #register: Register
  readonly #secrets: Secrets
  readonly #contexts = new Map<string, PlannedContext>()

  constructor(register: Register, secrets: Secrets) {
    this.#register = register
    this.#secrets = secrets
  }

  get contexts(): readonly PlannedContext[] {
    return [...this.#contexts.values()]
  }

  inbound(instance: Placed<ApiInstance>, attachments: readonly Attachment[]): TlsSide[] {
    const { tls } = instance.resource.spec
    const { namespace } = instance.resource.metadata
    if (tls === undefined)
      return attachments.filter(({ kind }) => kind === 'tls').flatMap((one) => this.#ofPolicy(one) ?? [])
    const { certificate, clientValidation } = tls
    const { mode = 'DISABLE', trustedCA, subjectAltNames } = clientValidation ?? {}
    const at = { document: instance.document, path: ['spec', 'tls'], namespace }
    const side = this.#side({
      ...{ kind: 'tls', at, certificate, trustedCA, service: undefined },
      path: { certificate: ['certificate'], trustedCA: ['clientValidation', 'trustedCA'] },
      rest: { mode, ...(subjectAltNames ? { subjectAltNames } : {}), ...parametersOf(tls) },
    })
    return side ? [side] : []
  }

  outbound(instance: Placed<ApiInstance>, attachments: readonly Attachment[]): TlsSide[] {
    const { namespace } = instance.resource.metadata
    const services = Object.entries(instance.resource.spec.services ?? {})
    const members = services.flatMap(([name, { tls }]): TlsSide[] => {
      if (tls === undefined) return []
      const { certificate, trustedCA, skipValidation, serverName, subjectAltNames } = tls
      const given = { skipValidation, serverName, subjectAltNames }
      const rest = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
      const side = this.#side({
        ...{ kind: 'tls-outbound', certificate, trustedCA },
        at: { document: instance.document, path: ['spec', 'services', name, 'tls'], namespace },
        path: { certificate: ['certificate'], trustedCA: ['trustedCA'] },
        rest: { ...rest, ...parametersOf(tls) },
        service: services.length > 1 ? name : undefined,
      })
      return side ? [side] : []
    })
    const policies = attachments.filter(({ kind }) => kind === 'tls-outbound')
    return [...members, ...policies.flatMap((one) => this.#ofPolicy(one) ?? [])]
  }

  #ofPolicy({ kind, document, path, namespace, config, service }: Attachment): TlsSide | undefined {
    const { certificate, trustedCA, ...rest } = config
    return this.#side({
      kind: kind === 'tls' ? 'tls' : 'tls-outbound',
      at: { document, path: [...path, 'config'], namespace },
      path: { certificate: ['certificate'], trustedCA: ['trustedCA'] },
      ...{ certificate, trustedCA, rest, service },
    })
  }

  /** Undefined where something is missing, which is then said: what is left is never weaker than what was written. */
  #side(written: Written): TlsSide | undefined {
    const { kind, at, rest, service } = written
    const keystore = this.#keystore(written)
    const authorities = this.#authorities(written)
    const left = (why: string): undefined => {
      this.#register.note('warning', at, at.path, `its TLS is left out: ${why}`)
    }
    if (keystore === undefined || authorities === undefined) return left('a Secret that it names is not here')
    if (authorities.length === 0) {
      if (keystore !== null) return left('it names no CA, which a context must trust')
      const parsed = policyOf(kind)?.config.safeParse(rest)
      if (parsed?.success !== true) return left(parsed?.error.issues[0]?.message ?? 'it says nothing')
      return { kind, config: rest, context: null, service }
    }
    const config = { ...rest, contextRef: someContext }
    const parsed = policyOf(kind)?.config.safeParse(config)
    if (parsed?.success !== true) return left(parsed?.error.issues[0]?.message ?? 'it says nothing')
    return { kind, config, context: this.#context(authorities, keystore, kind), service }
  }

  /** Null where none is written; undefined where it cannot be had. */
  #keystore({ kind, at, path, certificate }: Written): PlannedCertificate | null | undefined {
    if (certificate === undefined) return null
    const side = kind === 'tls' ? 'server' : 'client'
    const pair = inlinePair.safeParse(certificate).data
    if (pair !== undefined)
      return planned(`${at.namespace}/${side}`, side, pair.crt, pair.key === undefined ? null : pair.key)
    const name = secretInConfig.safeParse(certificate).data?.secretName
    if (name === undefined) return undefined
    const place = { ...at, path: [...at.path, ...path.certificate, 'secretName'] }
    const chain = this.#secrets.chain(name, place)
    if (chain === undefined) return undefined
    return planned(`${at.namespace}/${name}`, side, chain, this.#keyOf(name, place))
  }

  #keyOf(name: string, at: Reference): string | null {
    const before = this.#register.faults.length
    const key = this.#secrets.keyPair(name, at)?.key ?? null
    // That there is none is no fault here.
    this.#register.faults.splice(before)
    return key
  }

  #authorities({ at, path, trustedCA }: Written): PlannedContext['authorities'] | undefined {
    if (trustedCA === undefined || trustedCA === '') return []
    const name = secretInConfig.safeParse(trustedCA).data?.secretName
    const place = { ...at, path: [...at.path, ...path.trustedCA, 'secretName'] }
    const given = typeof trustedCA === 'string' ? trustedCA : undefined
    const pem = name === undefined ? given : this.#secrets.authorities(name, place)
    if (pem === undefined) return undefined
    const blocks = blocksOf(pem, 'CERTIFICATE')
    return blocks.length === 0
      ? undefined
      : blocks.map((block) => ({ name: caNameOf(block), pem: `${block}\n` }))
  }

  /** One for everybody who trusts the same CAs and shows the same certificate. */
  #context(
    authorities: PlannedContext['authorities'],
    keystore: PlannedCertificate | null,
    kind: TlsSide['kind'],
  ): string {
    const pems = authorities.map(({ pem }) => pem).toSorted()
    const key = JSON.stringify([pems, keystore?.chain ?? null])
    const known = this.#contexts.get(key)
    if (known !== undefined) return known.name
    const base =
      keystore?.name ?? `${authorities[0]?.name ?? 'CA'} ${kind === 'tls' ? 'inbound' : 'outbound'}`
    const taken = new Set(this.contexts.map(({ name }) => name))
    const name = unusedName(base, (one) => taken.has(one))
    this.#contexts.set(key, { name, authorities, keystore })
    return name
  }
}

function planned(
  name: string,
  kind: PlannedCertificate['kind'],
  chain: string,
  key: string | null,
): PlannedCertificate {
  return { name, kind, chain, key: key === '' ? null : key }
}

function caNameOf(pem: string): string {
  try {
    const { subject } = new X509Certificate(pem)
    return (/^CN=(.+)$/m.exec(subject)?.[1] ?? subject.replaceAll('\n', ', ')).slice(0, 80)
  } catch {
    return 'a CA that cannot be read'
  }
}
