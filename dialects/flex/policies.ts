import type { ContractsItem } from '#contract/items.ts'
import type { Attachment } from './attachments.ts'
import { faultsOf, type Path } from './document.ts'
import { inOurWords } from './in-our-words.ts'
import type { Register } from './register.ts'
import { type ApiKeysRef, apiKeysRef, secretInConfig, valueFrom } from './resources.ts'
import type { Reference, Secrets } from './secrets.ts'

/** Policies that know clients by what a Secret holds. */
export const clientKinds = new Set([
  'api-key-auth',
  'client-id-enforcement',
  'jwt-validation',
  'oauth2-token-introspection',
  'rate-limiting-sla-based',
])
/** Those of them that could let nobody through without it. */
const keyedKinds = new Set(['api-key-auth', 'client-id-enforcement'])
/** Those that ask for clients unless they are told otherwise. */
const tokenKinds = new Set(['jwt-validation', 'oauth2-token-introspection'])

function needsClients({ kind, config }: Attachment): boolean {
  return keyedKinds.has(kind) || (tokenKinds.has(kind) && config['skipClientIdValidation'] !== true)
}

/** Members of TLS configurations that may name a Secret, and how its content is taken. */
const pemMembers = { certificate: 'keyPair', trustedCA: 'authorities', crl: 'revocations' } as const

/** A variable of the environment of the node, or undefined. */
export type Environment = (name: string) => string | undefined

const variable = /^\$([A-Za-z_][A-Za-z0-9_]*)$/
const escaped = /^\$\$+[A-Za-z_][A-Za-z0-9_]*$/

/** How a text is written that would be taken for a variable. */
export function withoutVariables(value: unknown): unknown {
  if (typeof value === 'string') return variable.test(value) || escaped.test(value) ? `$${value}` : value
  if (Array.isArray(value)) return value.map(withoutVariables)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withoutVariables(one)]))
}

/** Turns what a folder writes into a policy's configuration into what the policy itself takes. */
export class PolicyConfigs {
  readonly #register: Register
  readonly #secrets: Secrets
  readonly #environment: Environment

  constructor(register: Register, secrets: Secrets, environment: Environment) {
    this.#register = register
    this.#secrets = secrets
    this.#environment = environment
  }

  /** The clients that the policies of an API know; undefined where none of them asks. */
  clients(attachments: readonly Attachment[]): ContractsItem['clients'] | undefined {
    const asking = attachments.filter(({ kind }) => clientKinds.has(kind))
    const telling = asking.filter(({ config }) => config['apiKeys'] !== undefined)
    const [first, ...others] = telling
    if (first === undefined) {
      const keyed = asking.find(needsClients)
      if (keyed !== undefined) {
        const otherwise = tokenKinds.has(keyed.kind) ? ', or say skipClientIdValidation: true' : ''
        const detail = `nobody could call: name a Secret with the keys (apiKeys: { secretName: … })${otherwise}`
        this.#register.report(keyed, [...keyed.path, 'config', 'apiKeys'], detail)
      }
      return undefined
    }
    for (const other of others) {
      const isSame =
        other.namespace === first.namespace &&
        JSON.stringify(other.config['apiKeys']) === JSON.stringify(first.config['apiKeys'])
      if (isSame) continue
      const detail = 'another policy of this API names other keys or tiers; say them once'
      this.#register.report(other, [...other.path, 'config', 'apiKeys'], detail)
    }
    return this.#clientsOf(first)
  }

  #clientsOf(attachment: Attachment): ContractsItem['clients'] | undefined {
    const { config, document, path, namespace } = attachment
    const base = [...path, 'config', 'apiKeys']
    const parsed = apiKeysRef.safeParse(config['apiKeys'])
    if (!parsed.success) {
      this.#register.faults.push(...faultsOf(parsed.error, document, base))
      return undefined
    }
    const at = { document, path: [...base, 'secretName'], namespace }
    const clients = this.#secrets.clients(parsed.data.secretName, at)
    return this.#withTiers(clients, parsed.data, { document, path: base, namespace })
  }

  #withTiers(clients: ContractsItem['clients'], { tiers = [] }: ApiKeysRef, at: Reference) {
    const tierOf = new Map<string, (typeof tiers)[number]>()
    for (const [index, tier] of tiers.entries())
      for (const [place, client] of tier.clients.entries()) {
        const path = [...at.path, 'tiers', index, 'clients', place]
        const other = tierOf.get(client)
        if (other !== undefined)
          this.#register.report(at, path, `${client} is in the tier ${other.name} already`)
        else if (clients.length > 0 && !clients.some(({ id }) => id === client))
          this.#register.report(at, path, `the Secret has no key of ${client}`)
        else tierOf.set(client, tier)
      }
    return clients.map((client) => {
      const tier = tierOf.get(client.id)
      return tier === undefined ? client : { ...client, tier: { name: tier.name, limits: tier.limits } }
    })
  }

  /** The attachment with the configuration that its policy takes. */
  resolved(written: Attachment): Attachment {
    if (written.isMade) return written
    // The walk below makes an object of an object.
    const texts = this.#withTexts(written.config, written, ['config']) as Attachment['config']
    const { config, note } = inOurWords(written.kind, texts)
    if (note !== undefined) this.#register.note('warning', written, [...written.path, 'config'], note)
    const attachment = { ...written, config }
    const { kind } = attachment
    if (clientKinds.has(kind)) {
      const { apiKeys: _, ...rest } = config
      return { ...attachment, config: rest }
    }
    if (kind === 'tls' || kind === 'tls-outbound')
      return { ...attachment, config: this.#withPems(attachment) }
    if (kind === 'tls-certificate-monitoring') this.#checkMonitored(attachment)
    return attachment
  }

  /** Puts texts out of Secrets where the configuration says `valueFrom`. */
  #withTexts(value: unknown, attachment: Attachment, inside: Path): unknown {
    if (typeof value === 'string') return this.#withVariable(value, attachment, inside)
    if (Array.isArray(value))
      return value.map((one, index) => this.#withTexts(one, attachment, [...inside, index]))
    if (typeof value !== 'object' || value === null) return value
    if (!Object.hasOwn(value, 'valueFrom'))
      return Object.fromEntries(
        Object.entries(value).map(([key, one]) => [key, this.#withTexts(one, attachment, [...inside, key])]),
      )
    const { document, namespace } = attachment
    const path = [...attachment.path, ...inside]
    const parsed = valueFrom.safeParse(value)
    if (!parsed.success) {
      this.#register.faults.push(...faultsOf(parsed.error, document, path))
      return ''
    }
    const { name, key } = parsed.data.valueFrom.secretKeyRef
    const at = { document, namespace, path: [...path, 'valueFrom', 'secretKeyRef'] }
    // What is missing has been said; whatever the policy thinks of an empty text would hide it.
    return this.#secrets.text(name, key, at) ?? ''
  }

  /**
   * Flex takes `$NAME` for a variable of the environment. Whoever means the text itself writes `$$NAME`, so that no
   * password is ever the name of a variable by mistake.
   */
  #withVariable(text: string, { document, path }: Attachment, inside: Path): string {
    const name = variable.exec(text)?.[1]
    if (name === undefined) return escaped.test(text) ? text.slice(1) : text
    const report = (detail: string) => this.#register.report({ document }, [...path, ...inside], detail)
    if (name.startsWith('HEXGATE_')) report(`${name} is for the node itself and cannot be used here`)
    else {
      const found = this.#environment(name)
      if (found !== undefined) return found
      report(`the environment of the node has no ${name}; write $${text} for the text itself`)
    }
    return text
  }

  #withPems({ config, document, path, namespace }: Attachment): Attachment['config'] {
    const resolved: Record<string, unknown> = { ...config }
    for (const [member, take] of Object.entries(pemMembers)) {
      const named = secretInConfig.safeParse(config[member])
      if (!named.success) continue
      const at = { document, path: [...path, 'config', member, 'secretName'], namespace }
      const taken = this.#secrets[take](named.data.secretName, at)
      if (taken === undefined) delete resolved[member]
      else resolved[member] = taken
    }
    return resolved
  }

  /** What is watched over must be there: a name that was mistyped would never warn of anything. */
  #checkMonitored({ config, document, path, namespace }: Attachment): void {
    const certificates: unknown = config['certificates']
    if (!Array.isArray(certificates)) return
    for (const [index, one] of certificates.entries()) {
      const name: unknown = typeof one === 'object' && one !== null ? Reflect.get(one, 'name') : undefined
      if (typeof name !== 'string') continue
      const isThere =
        this.#register.find('Secret', namespace, name) ?? this.#register.find('Certificate', namespace, name)
      if (isThere !== undefined) continue
      const place = [...path, 'config', 'certificates', index, 'name']
      const detail = `there is no Secret and no Certificate ${namespace}/${name}`
      this.#register.report({ document }, place, detail)
    }
  }
}
