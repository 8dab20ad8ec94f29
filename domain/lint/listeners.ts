import { type Finding, type Fix, found, type Subject } from '../finding.ts'
import { listed } from '../listing.ts'
import { isMeantFor, sideKey } from '../reading.ts'
import { type ApiView, type GatewayView, type Listener, type Spoken, spokenBy } from '../stored.ts'
import { type VersionMismatch, versionMismatch } from '../tls-versions.ts'
import { allOf } from '../uses.ts'
import { aboutApi, touching, type World } from './world.ts'

/** What is to be said against listeners and the TLS that is spoken there and towards upstreams. */
export function lintListeners(world: World): Finding[] {
  const apisAt = Map.groupBy(world.stored.apis, ({ gatewayId }) => gatewayId)
  return [
    ...world.stored.gateways.flatMap((gateway) => {
      const apis = apisAt.get(gateway.id)?.filter(({ enabled }) => enabled) ?? []
      return [
        ...portTakenTwice(gateway, world),
        ...gateway.listeners.flatMap((listener) => clashes(gateway, listener, apis, world)),
      ]
    }),
    ...world.stored.apis.flatMap((api) => spokenBy(api).flatMap((spoken) => mismatched(api, spoken, world))),
  ]
}

// ── ports ───────────────────────────────────────────────────────────────────

function aboutListener(gateway: GatewayView, { id, port }: Listener): Subject {
  return { kind: 'listener', id: `${gateway.id}/${id}`, name: `${gateway.name} on port ${port}` }
}

function editListener({ id, name }: GatewayView): Fix {
  const label = `Open the gateway ${name}`
  return { kind: 'edit-listener', label, target: { kind: 'gateway', id }, isSafe: false }
}

const anyAddress = new Set(['0.0.0.0', '::'])

function portTakenTwice(gateway: GatewayView, world: World): Finding[] {
  const overlap = (a: Listener, b: Listener) =>
    a.port === b.port && (a.address === b.address || [a, b].some(({ address }) => anyAddress.has(address)))
  const inOrder = gateway.listeners.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  return inOrder.flatMap((listener, index): Finding[] => {
    const other = inOrder.slice(0, index).find((each) => overlap(each, listener))
    if (!other) return []
    const apis = world.stored.apis.filter((api) => api.gatewayId === gateway.id && isMeantFor(api, listener))
    return [
      found(
        {
          code: 'listener.port-conflict',
          severity: 'error',
          about: aboutListener(gateway, listener),
          why: `The listeners ${other.id} and ${listener.id} of ${gateway.name} both want port ${listener.port}.`,
          fix: editListener(gateway),
          ...touchingInbound(apis, world),
        },
        'port',
      ),
    ]
  })
}

/** What APIs that share a listener and a host cannot both have there. */
function clashes(
  gateway: GatewayView,
  listener: Listener,
  apis: readonly ApiView[],
  world: World,
): Finding[] {
  const here = apis.filter(
    (api) => isMeantFor(api, listener) && (listener.protocol !== 'http' || !api.inbound),
  )
  return [...Map.groupBy(here, ({ host }) => host)].flatMap(([host, sharing]): Finding[] => {
    const asking = listener.protocol === 'https' ? sharing.filter(({ inbound }) => inbound) : []
    const differs = new Set(asking.map(({ inbound }) => sideKey(inbound))).size > 1
    const paths = [...Map.groupBy(sharing, ({ basePath }) => basePath)].filter(([, all]) => all.length > 1)
    const at = `port ${listener.port} of ${gateway.name}${host === '*' ? '' : ` at ${host}`}`
    const conflict = (all: readonly ApiView[], what: string, detail: string, target: ApiView | undefined) =>
      found(
        {
          code: 'listener.port-conflict',
          severity: 'error',
          about: aboutListener(gateway, listener),
          why: `${listed(all.map(labelled))} share ${at} and ${what}.`,
          fix: target ? moveAway(target) : editListener(gateway),
          ...touchingInbound(all, world),
        },
        detail,
      )
    return [
      ...(differs ? [conflict(asking, 'ask for different TLS there', `tls:${host}`, last(asking))] : []),
      ...paths.map(([path, all]) =>
        conflict(all, `answer at the same base path ${path}`, `path:${host}${path}`, last(all)),
      ),
    ]
  })
}

function labelled({ name, label, id }: ApiView): string {
  return name === '' ? id : `${name} ${label}`.trimEnd()
}

function last(apis: readonly ApiView[]): ApiView | undefined {
  return apis.toSorted((a, b) => (a.id < b.id ? -1 : 1)).at(-1)
}

function moveAway({ id, name }: ApiView): Fix {
  const label = `Give ${name} another listener, host or base path`
  return { kind: 'edit-tls', label, target: { kind: 'api', id }, isSafe: false }
}

function touchingInbound(apis: readonly ApiView[], { uses }: World) {
  return touching(allOf(apis.map(({ id }) => uses.ofSide(id, 'inbound'))))
}

// ── versions and suites ─────────────────────────────────────────────────────

function mismatched(api: ApiView, { side, which, towards, tls }: Spoken, { uses }: World): Finding[] {
  const mismatch = versionMismatch(tls)
  if (!mismatch) return []
  const { says, mend } = mismatch
  return [
    found(
      {
        code: 'tls.version-cipher-mismatch',
        severity: 'warning',
        about: aboutApi(api),
        why: `${api.name} speaks TLS ${tls.minVersion} to ${tls.maxVersion} with ${towards}, but ${says}.`,
        fix: {
          kind: mend ? 'set-tls-versions' : 'edit-tls',
          label: mend ? `${mendLabel(tls, mend)} for ${api.name}` : `Open the policies of ${api.name}`,
          target: { kind: 'api', id: api.id },
          // What is then said is what has been negotiated all along.
          isSafe: mend !== null,
        },
        ...touching(uses.ofSide(api.id, side)),
      },
      which,
    ),
  ]
}

function mendLabel({ minVersion }: Spoken['tls'], mend: NonNullable<VersionMismatch['mend']>): string {
  return mend.minVersion === minVersion
    ? `Set the maximum to ${mend.maxVersion}`
    : `Set the minimum to ${mend.minVersion}`
}
