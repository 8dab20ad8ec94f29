import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../gateway-runtime/main.ts', import.meta.url))

export const PLAIN_PATH = '/plain/orders/7f1c'
export const CHAIN_PATH = '/chain/orders/7f1c'
const KEY = 'bench-key-000000000000000000000001'
export const CHAIN_HEADERS = [`x-api-key: ${KEY}`]

/** Starts the gateway as a user does in local mode: two APIs, one plain and one with a chain of three policies. */
export function gatewayCommand(
  folder: string,
  port: number,
  adminPort: number,
  upstreamPort: number,
  profileFolder: string | undefined,
): string[] {
  const directory = join(folder, 'gateway')
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'apis.yaml'), documents(port, upstreamPort))
  const profile = profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`]
  const options = ['--local', directory, '--allow-loopback-upstreams', '--no-access-log']
  return [process.execPath, ...profile, main, ...options, '--admin-port', String(adminPort)]
}

function documents(port: number, upstreamPort: number): string {
  return [
    instance('plain', port, upstreamPort),
    instance('chain', port, upstreamPort),
    binding('key', 'api-key-auth', 1, '{ key: x-api-key, apiKeys: { secretName: bench-keys } }'),
    binding(
      'limit',
      'rate-limiting',
      2,
      '{ rateLimits: [{ maximumRequests: 1000000000, timePeriodInMilliseconds: 1000 }] }',
    ),
    binding('edit', 'header-injection', 3, HEADER_EDIT),
    `apiVersion: v1
kind: Secret
metadata: { name: bench-keys }
type: hexgate.io/api-keys
data: { bench: ${Buffer.from(KEY).toString('base64')} }
`,
  ].join('---\n')
}

const HEADER_EDIT =
  '{ inboundHeaders: [{ key: x-environment, value: bench }], outboundHeaders: [{ key: x-served-by, value: hexgate }] }'

function instance(name: string, port: number, upstreamPort: number): string {
  return `apiVersion: gateway.mulesoft.com/v1alpha1
kind: ApiInstance
metadata: { name: ${name} }
spec:
  address: http://127.0.0.1:${port}/${name}/
  services: { upstream: { address: "http://127.0.0.1:${upstreamPort}" } }
`
}

function binding(name: string, policy: string, order: number, config: string): string {
  return `apiVersion: gateway.mulesoft.com/v1alpha1
kind: PolicyBinding
metadata: { name: ${name} }
spec:
  targetRef: { kind: ApiInstance, name: chain }
  policyRef: { name: ${policy} }
  order: ${order}
  config: ${config}
`
}
