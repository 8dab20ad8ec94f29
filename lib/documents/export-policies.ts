import { mapSecrets } from '#policies/secrets.ts'
import { tls } from '#policies/tls/policy.ts'
import { contextRefIn } from '#policies/tls-fields.ts'
import { tlsOutbound } from '#policies/tls-outbound/policy.ts'
import type { Tx } from '../db.ts'
import type { PolicyRow } from '../publish/compile.ts'
import { factsInPem } from '../trust/pem-facts.ts'
import type { Kept } from './export-certificates.ts'

/** Policies as documents say them: with what contexts hold in the place of their ids, and without any secret. */

export interface NamedTls {
  readonly policies: PolicyRow[]
  /** Certificates that the policies show. */
  readonly kept: Kept[]
  /** Whether there were secrets other than private keys. */
  readonly hasSecrets: boolean
}

const replaced = 'see the Secret'

export async function namedPolicies(
  tx: Tx,
  organisationId: string,
  rows: readonly PolicyRow[],
  name: string,
): Promise<NamedTls> {
  const contexts = await contextsOf(
    tx,
    organisationId,
    rows.flatMap(({ config }) => contextRefIn(config) ?? []),
  )
  const kept: Kept[] = []
  let hasSecrets = false
  let outbound = 0
  const policies = rows.map((row) => {
    if (row.kind !== tls.kind && row.kind !== tlsOutbound.kind) {
      const config = mapSecrets(row.kind, row.config, () => {
        if (row.enabled) hasSecrets = true
        return replaced
      })
      return { ...row, config }
    }
    const context = contexts.get(contextRefIn(row.config) ?? '')
    const config = tlsConfigOf(row, context)
    const number = row.kind === tls.kind ? 0 : ++outbound
    const keeping = row.enabled ? keptOf(config, context, number, name) : null
    if (keeping !== null) kept.push(keeping)
    return { ...row, config }
  })
  return { policies, kept, hasSecrets }
}

type Context = Awaited<ReturnType<typeof contextsOf>> extends ReadonlyMap<string, infer C> ? C : never

async function contextsOf(tx: Tx, organisationId: string, ids: readonly string[]) {
  const rows = await tx.mtlsContext.findMany({
    where: { organisationId, id: { in: [...ids] } },
    select: {
      id: true,
      authorities: {
        select: { authority: { select: { name: true, runBy: true, certificate: true } } },
        orderBy: { authorityId: 'asc' },
      },
      keystore: {
        select: {
          rotationWindowDays: true,
          versions: { where: { state: 'current' }, select: { chain: true } },
        },
      },
    },
  })
  return new Map(rows.map((row) => [row.id, row]))
}

/** As a policy without a context says it; what says nothing is left out, so that the short form can hold it. */
function tlsConfigOf(
  { kind, config: given }: PolicyRow,
  context: Context | undefined,
): Record<string, unknown> {
  const config: Record<string, unknown> = {
    // Keys stay where they are: of one no more is said than the Secret that it belongs into.
    ...(mapSecrets(kind, given, () => '') as Record<string, unknown>),
  }
  const { contextRef: _, requireClientCertificate, ...rest } = config
  const chain = context?.keystore?.versions[0]?.chain
  const whole: Record<string, unknown> = {
    ...rest,
    ...(context === undefined
      ? {}
      : { trustedCA: context.authorities.map(({ authority }) => authority.certificate).join('') }),
    ...(chain == null ? {} : { certificate: { crt: chain, key: '' } }),
  }
  const asks = whole['mode'] ?? (requireClientCertificate === false ? 'DISABLE' : undefined)
  const isTrusting = typeof whole['trustedCA'] === 'string' && whole['trustedCA'] !== ''
  const mode = kind === tls.kind ? { mode: asks ?? (isTrusting ? 'STRICT' : 'DISABLE') } : {}
  return Object.fromEntries(Object.entries({ ...whole, ...mode }).filter(([, value]) => !isEmpty(value)))
}

function isEmpty(value: unknown): boolean {
  return value === '' || value === undefined || (Array.isArray(value) && value.length === 0)
}

function keptOf(
  config: Record<string, unknown>,
  context: Context | undefined,
  outbound: number,
  name: string,
): Kept | null {
  const { certificate } = config
  const crt: unknown =
    typeof certificate === 'object' && certificate !== null ? Reflect.get(certificate, 'crt') : undefined
  const [leaf] = typeof crt === 'string' ? (factsInPem(crt, 1) ?? []) : []
  if (leaf === undefined) return null
  const authority = context?.authorities.find(
    (one) => factsInPem(one.authority.certificate, 1)?.[0]?.subject === leaf.issuer,
  )?.authority
  const prefix = outbound > 1 ? `${name}-${outbound}` : name
  return {
    secretName: outbound === 0 ? `${name}-server` : `${prefix}-upstream-client`,
    side: outbound === 0 ? 'server' : 'client',
    leaf,
    rotationWindowDays: context?.keystore?.rotationWindowDays ?? null,
    authority: authority ? { name: authority.name, isOurs: authority.runBy === 'organisation' } : null,
  }
}
