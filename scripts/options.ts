import path from 'node:path'
import { parseArgs } from 'node:util'
import { Failure, messageOf } from './failure.ts'

/** Everything that can be chosen at the start. */
export interface StartOptions {
  port: number
  address: string
  portalUrl: string
  stsPort: number
  gatewayPort: number
  httpsPort: number
  adminPort: number
  demoPort: number
  dataFolder: string
  demo: boolean
  gateway: boolean
  databaseUrl: string | null
  oidc: { issuer: string; clientId: string; clientSecret: string } | null
  password: string | null
}

const declared = {
  port: { type: 'string' },
  address: { type: 'string' },
  'portal-url': { type: 'string' },
  'sts-port': { type: 'string' },
  'gateway-port': { type: 'string' },
  'https-port': { type: 'string' },
  'admin-port': { type: 'string' },
  'demo-port': { type: 'string' },
  data: { type: 'string' },
  'no-demo': { type: 'boolean' },
  'no-gateway': { type: 'boolean' },
  'database-url': { type: 'string' },
  'oidc-issuer': { type: 'string' },
  'oidc-client-id': { type: 'string' },
  'oidc-client-secret': { type: 'string' },
  password: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

export const helpText = `Starts Hexgate: database, identity provider, portal, a gateway and demo upstreams.

  npm start -- [options]

  --port N                 portal (3000)
  --address IP             where the portal listens (127.0.0.1)
  --portal-url URL         how browsers and nodes reach the portal (http://localhost:PORT)
  --gateway-port N         gateway, HTTP (8081)
  --https-port N           gateway, HTTPS of the sample data; the next one that is free (8443)
  --admin-port N           gateway, admin, loopback only (9901)
  --sts-port N             bundled identity provider, loopback only (3001)
  --demo-port N            the first of three ports for the demo upstreams (4001)
  --data FOLDER            data folder: database, keys, logs (.data)
  --no-demo                no sample data and no demo upstreams
  --no-gateway             no gateway; add nodes from the portal instead
  --database-url URL       use this PostgreSQL instead of the embedded one   [DATABASE_URL]
  --oidc-issuer URL        use this identity provider instead of the bundled [OIDC_ISSUER]
  --oidc-client-id ID                                                        [OIDC_CLIENT_ID]
  --oidc-client-secret S                                                     [OIDC_CLIENT_SECRET]
                           (whoever signs in there first is the first admin)
  --password TEXT          password of the demo accounts                     [HEXGATE_DEMO_PASSWORD]
  -h, --help               this text

A variable in brackets stands for an option that is not given; secrets are better there than in a command line.`

/** The options of a command line, with the environment behind them; null when help is asked for. */
export function parseStartOptions(
  args: readonly string[],
  env: Record<string, string | undefined>,
): StartOptions | null {
  const given = parse(args)
  if (given.help) return null
  const port = portOf('--port', given.port, 3000)
  const address = given.address ?? '127.0.0.1'
  const options = {
    port,
    address,
    portalUrl: urlOf('--portal-url', given['portal-url'] ?? `http://localhost:${port}`, /^https?:$/),
    stsPort: portOf('--sts-port', given['sts-port'], 3001),
    gatewayPort: portOf('--gateway-port', given['gateway-port'], 8081),
    httpsPort: portOf('--https-port', given['https-port'], 8443),
    adminPort: portOf('--admin-port', given['admin-port'], 9901),
    demoPort: portOf('--demo-port', given['demo-port'], 4001),
    dataFolder: path.resolve(given.data ?? '.data'),
    demo: !given['no-demo'],
    gateway: !given['no-gateway'],
    databaseUrl: databaseOf(given['database-url'] ?? env['DATABASE_URL']),
    oidc: oidcOf(given, env),
    password: passwordOf(given.password ?? env['HEXGATE_DEMO_PASSWORD']),
  }
  refuseSharedPorts(options)
  return options
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: declared, allowPositionals: false, strict: true }).values
  } catch (error) {
    const [reason = ''] = messageOf(error).split(/[.\n]/)
    throw new Failure(`${reason}. "npm start -- --help" lists the options.`)
  }
}

function portOf(option: string, given: string | undefined, otherwise: number): number {
  if (given === undefined) return otherwise
  const port = Number(given)
  if (/^\d+$/.test(given) && port >= 1 && port <= 65_535) return port
  throw new Failure(`${option} must be a port from 1 to 65535, not "${given}".`)
}

function urlOf(option: string, given: string, protocol: RegExp): string {
  const url = URL.parse(given)
  if (!url || !protocol.test(url.protocol))
    throw new Failure(`${option} must be an address (URL), not "${given}".`)
  return given.replace(/\/$/, '')
}

function databaseOf(given: string | undefined): string | null {
  if (!given) return null
  // The address may hold a password, so it is not repeated.
  if (/^postgres(?:ql)?:\/\/[^/]/.test(given) && URL.canParse(given)) return given
  throw new Failure(
    '--database-url must be an address of the form postgresql://user:password@host:port/name.',
  )
}

function oidcOf(given: ReturnType<typeof parse>, env: Record<string, string | undefined>) {
  const issuer = given['oidc-issuer'] ?? env['OIDC_ISSUER']
  const clientId = given['oidc-client-id'] ?? env['OIDC_CLIENT_ID']
  const clientSecret = given['oidc-client-secret'] ?? env['OIDC_CLIENT_SECRET']
  if (!issuer && !clientId && !clientSecret) return null
  if (!issuer || !clientId || !clientSecret) {
    throw new Failure(
      '--oidc-issuer, --oidc-client-id and --oidc-client-secret belong together; give all three.',
    )
  }
  return { issuer: urlOf('--oidc-issuer', issuer, /^https?:$/), clientId, clientSecret }
}

function passwordOf(given: string | undefined): string | null {
  if (!given) return null
  if (given.length >= 8) return given
  throw new Failure('--password must have 8 characters or more.')
}

function refuseSharedPorts(options: StartOptions): void {
  const wanted: [string, number][] = [
    ['--port', options.port],
    ...(options.oidc ? [] : [['--sts-port', options.stsPort] satisfies [string, number]]),
    ...(options.gateway
      ? ([
          ['--gateway-port', options.gatewayPort],
          ['--admin-port', options.adminPort],
        ] satisfies [string, number][])
      : []),
  ]
  for (const [index, [option, port]] of wanted.entries()) {
    const other = wanted.slice(0, index).find(([, taken]) => taken === port)
    if (other) throw new Failure(`${other[0]} and ${option} are both ${port}; they must differ.`)
  }
}
