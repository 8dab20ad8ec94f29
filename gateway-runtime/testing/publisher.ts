import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import type { ApiItem, Item } from '#contract/items.ts'
import { canonicalJson, type Manifest, type SignedManifest } from '#contract/manifest.ts'
import { changeBetween, type SignedDelta } from '#contract/manifest-delta.ts'
import type { Offer } from '../apply.ts'
import { sha256 } from '../ports.ts'
import type { Identity } from '../store/store.ts'

/** Signs configurations as a portal does, for tests. */
export class Publisher {
  readonly gatewayId: string
  readonly keyId = 'key-1'
  readonly publicKey: string
  readonly #privateKey: KeyObject
  /** Every item that was ever published, by its hash. */
  readonly items = new Map<string, Item>()

  constructor(gatewayId = 'gateway-1') {
    const pair = generateKeyPairSync('ed25519')
    this.gatewayId = gatewayId
    this.publicKey = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()
    this.#privateKey = pair.privateKey
  }

  identity(): Identity {
    const { gatewayId, keyId, publicKey } = this
    return {
      installationId: '0190a1b2-0000-7000-8000-000000000001',
      registered: { nodeId: 'node-1', gatewayId, gatewayName: 'Test', signingKeys: [{ keyId, publicKey }] },
    }
  }

  manifest(revision: number, items: readonly Item[]): Manifest {
    const hashes = Object.fromEntries(items.map((item) => [item.id, this.#add(item)]))
    return {
      gatewayId: this.gatewayId,
      revision,
      items: hashes,
      hash: sha256(canonicalJson(hashes)),
      publishedAt: '2026-01-01T00:00:00.000Z',
    }
  }

  sign(manifest: Manifest): SignedManifest {
    const signature = sign(null, Buffer.from(canonicalJson(manifest)), this.#privateKey).toString('base64url')
    return { manifest, signature, keyId: this.keyId }
  }

  /** A whole configuration, with every item in it. */
  offer(revision: number, items: readonly Item[]): Offer & { signed: SignedManifest } {
    const signed = this.sign(this.manifest(revision, items))
    return {
      signed,
      items: Object.fromEntries(
        Object.values(signed.manifest.items).map((hash) => [hash, this.items.get(hash)]),
      ),
    }
  }

  /** The same as what differs from another one. */
  delta(before: SignedManifest, after: SignedManifest): SignedDelta {
    const { items, ...manifest } = after.manifest
    const change = changeBetween(before.manifest.items, items)
    return { ...after, manifest, from: before.manifest.hash, change }
  }

  #add(item: Item): string {
    const hash = sha256(canonicalJson(item))
    this.items.set(hash, item)
    return hash
  }
}

/** A listener, an upstream and one API on it: the smallest configuration that serves. */
export function oneApi(
  upstreamUrl: string,
  more: { basePath?: string; port?: number; policies?: ApiItem['policies'] } = {},
): Item[] {
  return [
    { kind: 'listener', id: 'listener:http', protocol: 'http', address: '127.0.0.1', port: more.port ?? 0 },
    {
      kind: 'upstream',
      id: 'upstream:orders',
      endpoints: [{ url: upstreamUrl }],
      connectTimeoutMs: 5_000,
      responseTimeoutMs: 60_000,
      idleTimeoutMs: 60_000,
      maxConnections: 1_024,
      maxPending: 1_024,
    },
    {
      kind: 'api',
      id: 'api:orders',
      name: 'Orders',
      version: 'v1',
      host: '*',
      basePath: more.basePath ?? '/orders',
      stripBasePath: true,
      upstream: 'upstream:orders',
      policies: more.policies ?? [],
    },
  ]
}

export function policy(kind: string, config: Record<string, unknown> = {}): ApiItem['policies'][number] {
  return { id: `p-${kind}`, kind, policyVersion: '1.0.0', label: '', order: 1, config }
}
