import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Authority, KeyAndCertificate } from '#gateway-runtime/testing/certificates.ts'
import { type GatewayProcess, runGateway } from '#gateway-runtime/testing/process.ts'
import { type Closing, closing, temporaryFolder } from '#gateway-runtime/testing/world.ts'
import { until } from './machine.ts'
import { listenerOn } from './processes.ts'

export interface FolderNodeOptions {
  /** What lies in the folder: one document each. */
  readonly documents: readonly object[]
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** A command that runs the node as its last arguments. */
  readonly within?: readonly string[]
}

/** A node of its own that serves a folder, as a process with one worker. */
export class FolderNode {
  readonly #gateway: GatewayProcess
  readonly #end: Closing
  readonly #folder: string
  readonly admin: string
  /** Those of the documents' addresses, in their order. */
  readonly ports: readonly number[]

  private constructor(gateway: GatewayProcess, end: Closing, folder: string) {
    this.#gateway = gateway
    this.#end = end
    this.#folder = folder
    const started = this.linesOf('node.started')[0]
    this.admin = `http://127.0.0.1:${Number(started?.['adminPort'])}`
    this.ports = started?.['ports'] as number[]
  }

  static async start({
    documents,
    args = [],
    env = {},
    within = [],
  }: FolderNodeOptions): Promise<FolderNode> {
    const end = closing()
    const folder = await temporaryFolder(end)
    await FolderNode.#write(folder, documents)
    const gateway = runGateway(
      [
        ...['--local', folder, '--allow-loopback-upstreams', '--admin-port', '0', '--workers', '1'],
        // A machine that is busy with other things makes the node late, which is no overload of the node.
        ...['--limit', 'loop-delay-ms-max=0', '--drain-grace-ms', '0'],
        ...args,
      ],
      { HEXGATE_ACCESS_LOG: 'off', ...env },
      end,
      within,
    )
    await until(
      'the node runs',
      () => {
        if (gateway.process.exitCode !== null) throw new Error(`the node ended:\n${gateway.output()}`)
        return Promise.resolve(/"node\.started".*\n/.test(gateway.output()))
      },
      90_000,
    )
    return new FolderNode(gateway, end, folder)
  }

  // JSON is YAML.
  static #write(folder: string, documents: readonly object[]): Promise<void> {
    const text = documents.map((document) => JSON.stringify(document)).join('\n---\n')
    return writeFile(path.join(folder, 'node.yaml'), text)
  }

  /** Puts other documents in the place of those that are served. */
  write(documents: readonly object[]): Promise<void> {
    return FolderNode.#write(this.#folder, documents)
  }

  get output(): string {
    return this.#gateway.output()
  }

  get port(): number {
    return this.ports[0] ?? 0
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Lines of its log with that code. */
  linesOf(code: string): Record<string, unknown>[] {
    return this.output
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter((line) => line['code'] === code)
  }

  /** The process that serves; another one, if it has ended meanwhile and the spare stands there. */
  async servingPid(): Promise<number> {
    return (await listenerOn(this.port)).pid
  }

  /** A figure of its metrics, by its name and labels as the exposition writes them; 0 where it has none. */
  async figure(series: string): Promise<number> {
    const text = await (await fetch(`${this.admin}/metrics`)).text()
    const line = text.split('\n').find((each) => each.startsWith(`${series} `))
    return line === undefined ? 0 : Number(line.slice(series.length + 1))
  }

  /** Ends it with SIGTERM; answers the exit code. */
  async stop(): Promise<number | null> {
    this.#gateway.process.kill('SIGTERM')
    const code = await this.#gateway.exit
    await this.#end.closeAll()
    return code
  }
}

/** An API of a folder at any free port. */
export function apiDocument(
  upstream: string,
  {
    name = 'orders',
    basePath = '',
    policies = [],
    address = 'http://127.0.0.1:0',
    ...spec
  }: {
    name?: string
    basePath?: string
    address?: string
    policies?: readonly (readonly [kind: string, config: object, more?: object])[]
    tls?: object
    services?: object
  } = {},
): object {
  return {
    apiVersion: 'gateway.mulesoft.com/v1alpha1',
    kind: 'ApiInstance',
    metadata: { name },
    spec: {
      address: address + basePath,
      services: { upstream: { address: upstream } },
      policies: policies.map(([kind, config, more = {}]) => ({ policyRef: { name: kind }, config, ...more })),
      ...spec,
    },
  }
}

export function keyPairSecret(name: string, { chain, key }: KeyAndCertificate): object {
  return secret(name, 'kubernetes.io/tls', { 'tls.crt': chain, 'tls.key': key })
}

export function authoritySecret(name: string, { certificate }: Authority): object {
  return secret(name, 'Opaque', { 'ca.crt': certificate })
}

function secret(name: string, type: string, stringData: object): object {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, type, stringData }
}
