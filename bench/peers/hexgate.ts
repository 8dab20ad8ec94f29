import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Certificates } from '../certificates.ts'
import type { Credentials } from '../credentials.ts'
import { basePath, type Command, type Peer, type Place, type Work } from './work.ts'

/** This gateway, started as a user does in local mode. */
export const hexgate: Peer = {
  name: 'Hexgate',
  program: undefined,
  can: () => true,
  start(place, work) {
    const { folder, port, profileFolder } = place
    const directory = writeDocuments(place, work)
    const log = work.accessLog ? [] : ['--no-access-log']
    return {
      ...gatewayCommand(['--local', directory, '--admin-port', '0', ...log], profileFolder),
      ...(work.accessLog ? { outputFile: join(folder, `hexgate-${port}.log`) } : {}),
    }
  },
}

const main = fileURLToPath(new URL('../../gateway-runtime/main.ts', import.meta.url))

/** The gateway with one worker, unless the options say otherwise; Node writes CPU profiles of it into a folder. */
export function gatewayCommand(options: readonly string[], profileFolder: string | undefined): Command {
  const profile = profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`]
  const workers = options.includes('--workers') ? [] : ['--workers', '1']
  return {
    command: [process.execPath, ...profile, main, '--allow-loopback-upstreams', ...workers, ...options],
  }
}

// A file of local mode has a size that it must not exceed.
const APIS_PER_FILE = 500

/** Writes the folder that a gateway in local mode serves, and says where it is. */
export function writeDocuments(place: Place, work: Work): string {
  const directory = join(place.folder, `hexgate-${place.port}`)
  mkdirSync(directory, { recursive: true })
  const names = Array.from({ length: work.apis }, (_, index) => basePath(index).slice(1))
  const apis = names.map((name) => apiDocument(name, place, work.tls))
  for (let from = 0; from < apis.length; from += APIS_PER_FILE) {
    const documents = apis.slice(from, from + APIS_PER_FILE)
    writeFileSync(join(directory, `apis-${from}.yaml`), documents.join('---\n'))
  }
  const { chain, tls } = work
  const others = [
    ...(chain === undefined ? [] : [...bindings(chain), keySecret(chain)]),
    ...(tls === undefined ? [] : tlsSecrets(tls)),
  ]
  writeFileSync(join(directory, 'others.yaml'), others.join('---\n'))
  return directory
}

/** An API under its own name that goes to the upstream. */
export function apiDocument(name: string, { port, upstreamPort }: Place, tls?: Certificates): string {
  const at = tls === undefined ? 'http' : 'https'
  const upstream = `${at}://${tls === undefined ? '127.0.0.1' : 'localhost'}:${upstreamPort}`
  return `apiVersion: gateway.mulesoft.com/v1alpha1
kind: ApiInstance
metadata: { name: ${name} }
spec:
  address: ${at}://127.0.0.1:${port}/${name}/
${tls === undefined ? '' : inbound}  services:
    upstream:
      address: "${upstream}"
${tls === undefined ? '' : outbound}`
}

const inbound = `  tls:
    certificate: { secretName: server }
    clientValidation: { mode: STRICT, trustedCA: { secretName: ca } }
`
const outbound = `      tls:
        certificate: { secretName: client }
        trustedCA: { secretName: ca }
`

/** For every API. */
function bindings({ issuer, audience, publicKey }: Credentials): string[] {
  const token = { jwtKeyOrigin: 'text', textKey: publicKey, issuers: [issuer], skipClientIdValidation: true }
  const audiences = { validateAudClaim: true, supportedAudiences: [audience] }
  const configurations: [policy: string, config: unknown][] = [
    ['api-key-auth', { key: 'x-api-key', apiKeys: { secretName: 'keys' } }],
    ['rate-limiting', { rateLimits: [{ maximumRequests: 1_000_000_000, timePeriodInMilliseconds: 1_000 }] }],
    ['jwt-validation', { ...token, ...audiences }],
    [
      'header-injection',
      {
        inboundHeaders: [{ key: 'x-environment', value: 'bench' }],
        outboundHeaders: [{ key: 'x-served-by', value: 'hexgate' }],
      },
    ],
  ]
  return configurations.map(
    ([policy, config], order) => `apiVersion: gateway.mulesoft.com/v1alpha1
kind: PolicyBinding
metadata: { name: ${policy} }
spec:
  targetRef: { kind: Selector, selector: { labels: {} } }
  policyRef: { name: ${policy} }
  order: ${order + 1}
  config: ${JSON.stringify(config)}
`,
  )
}

function secret(name: string, type: string, entries: Readonly<Record<string, string>>): string {
  const encoded = Object.entries(entries).map(([key, text]) => [key, Buffer.from(text).toString('base64')])
  return `apiVersion: v1
kind: Secret
metadata: { name: ${name} }
type: ${type}
data: ${JSON.stringify(Object.fromEntries(encoded))}
`
}

function keySecret({ apiKey }: Credentials): string {
  return secret('keys', 'hexgate.io/api-keys', { bench: apiKey })
}

function tlsSecrets({ server, client, ca }: Certificates): string[] {
  return [
    secret('server', 'kubernetes.io/tls', { 'tls.crt': server.chain, 'tls.key': server.key }),
    secret('client', 'kubernetes.io/tls', { 'tls.crt': client.chain, 'tls.key': client.key }),
    secret('ca', 'Opaque', { 'ca.crt': ca }),
  ]
}
