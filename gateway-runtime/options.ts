import { parseArgs } from 'node:util'
import { Secret } from '#domain/secret.ts'
import { type Limits, readLimit } from './serve/limits.ts'

/** How a node was told to run. */
export interface Options {
  readonly mode:
    | { readonly kind: 'portal'; readonly portal: URL; readonly key: Secret; readonly data: string }
    | { readonly kind: 'local'; readonly folder: string; readonly validateOnly: boolean }
  readonly httpPort: number | undefined
  readonly httpAddress: string | undefined
  /** Where the listeners that speak https open instead of where the configuration says. */
  readonly httpsPort: number | undefined
  readonly adminPort: number
  readonly adminAddress: string
  readonly trustedHops: number
  readonly allowLoopbackUpstreams: boolean
  readonly drainMs: number
  /** The part of it in which requests are still taken. */
  readonly drainGraceMs: number
  readonly accessLog: boolean
  /** A Redis that several nodes share; a Secret because its address may hold a password. */
  readonly sharedStore: Secret | undefined
  /** The collector that spans go to (OTLP over HTTP). */
  readonly otlpEndpoint: URL | undefined
  /** Processes that share the ports; `auto` is one for each core. */
  readonly workers: number | 'auto'
  /** Of each serving process. */
  readonly limits: Partial<Limits>
}

/** A mistake in the arguments: one line for the terminal. */
export class UsageError extends Error {}

export const help = `Usage: node gateway-runtime/main.ts --portal URL --key hgk_… [options]
       node gateway-runtime/main.ts --local DIR [options]

Serves what a portal publishes to it, or what YAML files in a folder say.

With a portal
  --portal URL        where the portal is                        HEXGATE_PORTAL
  --key KEY           the gateway key that the portal showed     HEXGATE_GATEWAY_KEY
                      (better in the variable: arguments can be seen by other processes)
  --data DIR          where the last configurations are kept     HEXGATE_DATA          .data/gateway

Without a portal
  --local DIR         serve ApiInstance, PolicyBinding, Service and Secret from DIR/*.yaml
                      and follow changes                         HEXGATE_LOCAL
  --validate          only say whether DIR is right, then end

In both
  --http-port N       listen here whatever the configuration says  HEXGATE_HTTP_PORT
  --https-port N      the same for listeners that speak https      HEXGATE_HTTPS_PORT
  --http-address A    the address of both                          HEXGATE_HTTP_ADDRESS
  --admin-port N      /ready /healthy /metrics /config             HEXGATE_ADMIN_PORT    9901
  --admin-address A                                                HEXGATE_ADMIN_ADDRESS 127.0.0.1
  --trusted-hops N    proxies in front that are ours               HEXGATE_TRUSTED_HOPS  0
  --allow-loopback-upstreams
                      let upstreams be on this machine             HEXGATE_ALLOW_LOOPBACK_UPSTREAMS
  --shared-store URL  a Redis that nodes share (redis:// or rediss://), for counters and caches
                      that are of all nodes together               HEXGATE_SHARED_STORE
  --otlp-endpoint URL the collector that spans go to, over HTTP    HEXGATE_OTLP_ENDPOINT
                                                                   or OTEL_EXPORTER_OTLP_ENDPOINT
  --workers N|auto    processes that share the ports; auto is one for each core
                                                                   HEXGATE_WORKERS       auto
  --limit NAME=N      a bound of each of them, head-timeout-ms=5000 say, as often as needed;
                      docs/limits.md has them all                  HEXGATE_LIMITS
                                                                   (several, with blanks between)
  --drain-ms N        how long running requests may take at the end HEXGATE_DRAIN_MS     10000
  --drain-grace-ms N  so long of it requests are still taken, while /ready says 503, so that
                      balancers notice; none where nobody comes    HEXGATE_DRAIN_GRACE_MS 1000
  --no-access-log     no line for each request                     HEXGATE_ACCESS_LOG=off
  --help

Where no CA is named, those of the system are trusted, or what SSL_CERT_FILE and SSL_CERT_DIR name in their place;
NODE_EXTRA_CA_CERTS adds some.

Ends with 0 after SIGTERM or SIGINT, with 1 when it cannot start, with 2 on wrong arguments.
`

const flags = {
  portal: { type: 'string' },
  key: { type: 'string' },
  data: { type: 'string' },
  local: { type: 'string' },
  validate: { type: 'boolean' },
  'http-port': { type: 'string' },
  'http-address': { type: 'string' },
  'https-port': { type: 'string' },
  'shared-store': { type: 'string' },
  'otlp-endpoint': { type: 'string' },
  workers: { type: 'string' },
  limit: { type: 'string', multiple: true },
  'admin-port': { type: 'string' },
  'admin-address': { type: 'string' },
  'trusted-hops': { type: 'string' },
  'allow-loopback-upstreams': { type: 'boolean' },
  'drain-ms': { type: 'string' },
  'drain-grace-ms': { type: 'string' },
  'no-access-log': { type: 'boolean' },
  help: { type: 'boolean' },
} as const

type Environment = Readonly<Record<string, string | undefined>>

/** Reads arguments, then the environment, then defaults. Undefined means that help was asked for. */
export function readOptions(args: readonly string[], environment: Environment): Options | undefined {
  const { values } = parsed(args)
  if (values.help === true) return undefined
  const text = (flag: string | undefined, variable: string) => flag ?? (environment[variable] || undefined)
  const whole = (flag: string | undefined, name: string, variable: string, max: number) => {
    const given = text(flag, variable)
    return given === undefined ? undefined : wholeNumber(given, `--${name}`, max)
  }
  return {
    mode: modeOf(values, text),
    httpPort: whole(values['http-port'], 'http-port', 'HEXGATE_HTTP_PORT', 65_535),
    httpAddress: text(values['http-address'], 'HEXGATE_HTTP_ADDRESS'),
    httpsPort: whole(values['https-port'], 'https-port', 'HEXGATE_HTTPS_PORT', 65_535),
    adminPort: whole(values['admin-port'], 'admin-port', 'HEXGATE_ADMIN_PORT', 65_535) ?? 9_901,
    adminAddress: text(values['admin-address'], 'HEXGATE_ADMIN_ADDRESS') ?? '127.0.0.1',
    trustedHops: whole(values['trusted-hops'], 'trusted-hops', 'HEXGATE_TRUSTED_HOPS', 100) ?? 0,
    allowLoopbackUpstreams:
      values['allow-loopback-upstreams'] ?? isOn(environment['HEXGATE_ALLOW_LOOPBACK_UPSTREAMS']),
    drainMs: whole(values['drain-ms'], 'drain-ms', 'HEXGATE_DRAIN_MS', 3_600_000) ?? 10_000,
    drainGraceMs:
      whole(values['drain-grace-ms'], 'drain-grace-ms', 'HEXGATE_DRAIN_GRACE_MS', 3_600_000) ?? 1_000,
    accessLog: values['no-access-log'] !== true && environment['HEXGATE_ACCESS_LOG'] !== 'off',
    sharedStore: sharedStoreOf(text(values['shared-store'], 'HEXGATE_SHARED_STORE')),
    otlpEndpoint: otlpEndpointOf(
      text(values['otlp-endpoint'], 'HEXGATE_OTLP_ENDPOINT') ??
        text(undefined, 'OTEL_EXPORTER_OTLP_ENDPOINT'),
    ),
    workers: workersOf(text(values.workers, 'HEXGATE_WORKERS') ?? 'auto'),
    limits: limitsOf([...(environment['HEXGATE_LIMITS'] ?? '').split(/\s+/), ...(values.limit ?? [])]),
  }
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags, strict: true, allowPositionals: false })
  } catch (error) {
    throw new UsageError(error instanceof Error ? (error.message.split('. ')[0] ?? '') : String(error))
  }
}

type Values = ReturnType<typeof parsed>['values']

function modeOf(
  values: Values,
  text: (flag: string | undefined, variable: string) => string | undefined,
): Options['mode'] {
  const local = text(values.local, 'HEXGATE_LOCAL')
  if (local !== undefined) {
    if (values.portal !== undefined) throw new UsageError('--local and --portal exclude each other')
    return { kind: 'local', folder: local, validateOnly: values.validate === true }
  }
  if (values.validate === true) throw new UsageError('--validate needs --local DIR')
  const portal = text(values.portal, 'HEXGATE_PORTAL')
  const key = text(values.key, 'HEXGATE_GATEWAY_KEY')
  if (portal === undefined)
    throw new UsageError('say where the portal is (--portal URL), or serve a folder (--local DIR)')
  if (key === undefined) throw new UsageError('the gateway key is missing (HEXGATE_GATEWAY_KEY or --key)')
  return {
    kind: 'portal',
    portal: portalUrl(portal),
    key: new Secret(key.trim()),
    data: text(values.data, 'HEXGATE_DATA') ?? '.data/gateway',
  }
}

function portalUrl(text: string): URL {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new UsageError(`--portal ${text} is no http or https address`)
  if (url.username !== '' || url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw new UsageError('--portal takes scheme, host and port alone')
  return url
}

/** The address may hold a password, so that no refusal repeats it. */
function sharedStoreOf(text: string | undefined): Secret | undefined {
  if (text === undefined) return undefined
  const url = URL.parse(text)
  if (url === null || !/^rediss?:$/.test(url.protocol) || url.hostname === '')
    throw new UsageError('--shared-store takes an address such as redis://host:6379')
  return new Secret(text)
}

function otlpEndpointOf(text: string | undefined): URL | undefined {
  if (text === undefined) return undefined
  const url = URL.parse(text)
  if (url !== null && /^https?:$/.test(url.protocol)) return url
  throw new UsageError(`--otlp-endpoint ${text} is no http or https address`)
}

const workersMax = 256

function workersOf(text: string): number | 'auto' {
  if (text === 'auto') return text
  if (/^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= workersMax) return Number(text)
  throw new UsageError(`--workers must be auto or a whole number from 1 to ${workersMax}, not ${text}`)
}

/** Of two with one name the later one counts. */
function limitsOf(texts: readonly string[]): Partial<Limits> {
  try {
    return Object.fromEntries(texts.filter((text) => text !== '').map(readLimit))
  } catch (error) {
    throw new UsageError(`--limit ${error instanceof Error ? error.message : String(error)}`)
  }
}

function wholeNumber(text: string, name: string, max: number): number {
  const number = Number(text)
  if (/^\d{1,10}$/.test(text) && number <= max) return number
  throw new UsageError(`${name} must be a whole number from 0 to ${max}, not ${text}`)
}

function isOn(text: string | undefined): boolean {
  return text === '1' || text === 'true' || text === 'on'
}
