import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../gateway-runtime/main.ts', import.meta.url))

// A file of local mode has a size that it must not exceed.
const APIS_PER_FILE = 500

/** What a gateway under measurement serves, as YAML documents of local mode. */
export interface GatewayDocuments {
  readonly apis: readonly string[]
  readonly accessLog?: boolean
}

/** Starts the gateway as a user does in local mode. */
export function gatewayCommand(
  folder: string,
  name: string,
  { apis, accessLog = false }: GatewayDocuments,
  adminPort: number,
  profileFolder: string | undefined,
): string[] {
  const directory = gatewayFolder(folder, name)
  mkdirSync(directory, { recursive: true })
  for (let from = 0; from < apis.length; from += APIS_PER_FILE) {
    const documents = apis.slice(from, from + APIS_PER_FILE)
    writeFileSync(join(directory, `apis-${from}.yaml`), documents.join('---\n'))
  }
  const profile = profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`]
  const log = accessLog ? [] : ['--no-access-log']
  const options = ['--local', directory, '--allow-loopback-upstreams', '--workers', '1', ...log]
  return [process.execPath, ...profile, main, ...options, '--admin-port', String(adminPort)]
}

/** Where the documents of a gateway lie. */
export function gatewayFolder(folder: string, name: string): string {
  return join(folder, `gateway-${name}`)
}

/** An API under its own name that goes to the upstream. */
export function apiDocument(name: string, port: number, upstreamPort: number): string {
  return `apiVersion: gateway.mulesoft.com/v1alpha1
kind: ApiInstance
metadata: { name: ${name} }
spec:
  address: http://127.0.0.1:${port}/${name}/
  services: { upstream: { address: "http://127.0.0.1:${upstreamPort}" } }
`
}

const KEY = 'bench-key-000000000000000000000001'

/** An API key, a rate limit that nobody reaches and header edits for an API. */
export function keyDocuments(api: string): string {
  return [
    binding(api, 'key', 'api-key-auth', 1, '{ key: x-api-key, apiKeys: { secretName: bench-keys } }'),
    binding(
      api,
      'limit',
      'rate-limiting',
      2,
      '{ rateLimits: [{ maximumRequests: 1000000000, timePeriodInMilliseconds: 1000 }] }',
    ),
    binding(api, 'edit', 'header-injection', 3, HEADER_EDIT),
    `apiVersion: v1
kind: Secret
metadata: { name: bench-keys }
type: hexgate.io/api-keys
data: { bench: ${Buffer.from(KEY).toString('base64')} }
`,
  ].join('---\n')
}
/** What a client sends to pass them. */
keyDocuments.headers = [`x-api-key: ${KEY}`] as readonly string[]

const HEADER_EDIT =
  '{ inboundHeaders: [{ key: x-environment, value: bench }], outboundHeaders: [{ key: x-served-by, value: hexgate }] }'

function binding(api: string, name: string, policy: string, order: number, config: string): string {
  return `apiVersion: gateway.mulesoft.com/v1alpha1
kind: PolicyBinding
metadata: { name: ${name} }
spec:
  targetRef: { kind: ApiInstance, name: ${api} }
  policyRef: { name: ${policy} }
  order: ${order}
  config: ${config}
`
}
