import { pointerOf } from '#domain/json-pointer.ts'
import type { Path } from './document.ts'
import { placeOf, type Placed, type Register } from './register.ts'
import type { Configuration } from './resources.ts'

/** What `Configuration` resources say about the node as a whole. */
export interface NodeSettings {
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'fatal' | undefined
  readonly accessLog: boolean | undefined
  /** An address for a Redis client. Holds the password. */
  readonly sharedStore: string | undefined
  /** Connections begin with a PROXY header. */
  readonly proxyProtocol: boolean
  readonly timeouts: {
    readonly upstreamIdleSeconds: number | undefined
    readonly responseMs: number | undefined
    readonly streamIdleMs: number | undefined
  }
  /** The resource that says the idle time of upstreams, for faults. */
  readonly timeoutsAt: Placed<Configuration> | undefined
}

type Redis = NonNullable<Configuration['spec']['sharedStorage']>['redis']

function redisUrl({ address, user = '', username = user, password = '', DB, db, tls }: Redis): string {
  const who = `${encodeURIComponent(username)}:${encodeURIComponent(password)}@`
  const credentials = username === '' && password === '' ? '' : who
  const database = DB ?? db
  return `${tls === undefined ? 'redis' : 'rediss'}://${credentials}${address}${database === undefined ? '' : `/${database}`}`
}

const members: readonly Path[] = [
  ['timeouts', 'upstreamConnectionIdleSeconds'],
  ['timeouts', 'upstreamResponseSeconds'],
  ['timeouts', 'streamIdleSeconds'],
  ['logging', 'runtimeLogs', 'logLevel'],
  ['logging', 'accessLogs', 'enabled'],
  ['sharedStorage', 'redis'],
  ['proxyProtocol', 'enabled'],
]

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inside, key) => (typeof inside === 'object' && inside !== null ? Reflect.get(inside, key) : undefined),
    value,
  )
}

/** Joins all Configurations of a folder; a member that two of them set is a fault that names both. */
export function settingsOf(register: Register): NodeSettings {
  const all = register.of('Configuration')
  const saidBy = new Map<string, Placed<Configuration>>()
  for (const one of all) {
    for (const member of members) {
      if (valueAt(one.resource.spec, member) === undefined) continue
      const pointer = pointerOf(member)
      const other = saidBy.get(pointer)
      if (other === undefined) saidBy.set(pointer, one)
      else register.report(one, ['spec', ...member], `${placeOf(other)} already says this`)
    }
  }
  const specs = all.map(({ resource }) => resource.spec)
  const first = <T>(read: (spec: Configuration['spec']) => T | undefined) =>
    specs.map(read).find((value) => value !== undefined)
  const inMs = (seconds: number | undefined) =>
    seconds === undefined ? undefined : Math.round(seconds * 1_000)
  const redis = first((spec) => spec.sharedStorage?.redis)
  return {
    logLevel: first((spec) => spec.logging?.runtimeLogs?.logLevel),
    accessLog: first((spec) => spec.logging?.accessLogs?.enabled),
    sharedStore: redis === undefined ? undefined : redisUrl(redis),
    proxyProtocol: first((spec) => spec.proxyProtocol?.enabled) ?? false,
    timeouts: {
      upstreamIdleSeconds: first((spec) => spec.timeouts?.upstreamConnectionIdleSeconds),
      responseMs: inMs(first((spec) => spec.timeouts?.upstreamResponseSeconds)),
      streamIdleMs: inMs(first((spec) => spec.timeouts?.streamIdleSeconds)),
    },
    timeoutsAt: saidBy.get(pointerOf(['timeouts', 'upstreamConnectionIdleSeconds'])),
  }
}
