import { anyHost, HostTable } from '#domain/host.ts'
import { normalPath } from '#domain/path.ts'
import type { InboundTls } from '#policies/settings.ts'
import type { ListenerItem } from './items.ts'
import { listenerName } from './listeners.ts'

/** Which APIs are served on which listener, and under which TLS; and what stands in the way of that. */

/** What placing must know of an API. */
export interface Claim {
  readonly id: string
  readonly name: string
  readonly version: string
  readonly host: string
  readonly basePath: string
  /** Ids of the listeners that it is to be served on; all without this. */
  readonly listeners?: readonly string[] | undefined
  /** What it asks of TLS towards clients. */
  readonly tls?: ClaimedTls | undefined
}

export interface ClaimedTls {
  /** The same for settings that are the same. */
  readonly key: string
  readonly settings: InboundTls
}

/**
 * What is wrong with the place of an API. A `clash` is between two that want what only one can have; `unserved` is one
 * for which something is missing, perhaps from another API; the rest is wrong whatever else there is.
 */
export interface PlacingFault {
  readonly kind: 'clash' | 'unserved' | 'wrong'
  readonly apiId: string
  /** The other one of a clash, and the listeners on which it is. */
  readonly otherId?: string
  readonly on?: readonly string[]
  /** What is at fault: a member of the API, or its `tls` policy. */
  readonly member: 'host' | 'basePath' | 'listeners' | 'policies' | 'tls'
  /** Which of the listeners. */
  readonly index?: number
  readonly detail: string
}

/** What is served on one listener. */
export interface Placement<C extends Claim> {
  readonly plain: readonly C[]
  /** With https: the key of the TLS of each host, and what is served under it. */
  readonly secure:
    | { readonly hosts: HostTable<string>; readonly served: ReadonlyMap<string, C[]> }
    | undefined
}

export interface Placing<C extends Claim> {
  readonly byListener: ReadonlyMap<string, Placement<C>>
  readonly faults: readonly PlacingFault[]
}

type Listener = Pick<ListenerItem, 'id' | 'protocol'>

/** A text that is the same for settings that are the same. */
export function tlsText(settings: InboundTls): string {
  return JSON.stringify(Object.entries(settings).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** Places APIs on listeners. The order of the APIs makes no difference. */
export function placeApis<C extends Claim>(claims: readonly C[], listeners: readonly Listener[]): Placing<C> {
  const ordered = claims.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const faults = new Faults<C>()
  const known = new Set(listeners.map(({ id }) => id))
  const placed = ordered.filter((claim) => isInForm(claim, faults))
  for (const claim of placed) noteUnknownListeners(claim, known, faults)
  const byListener = new Map(
    listeners.map((listener) => [listener.id, placeOn(listener, placed, faults)] as const),
  )
  noteUnserved(placed, [...byListener.values()], faults)
  return { byListener, faults: faults.list() }
}

function placeOn<C extends Claim>(listener: Listener, claims: readonly C[], faults: Faults<C>): Placement<C> {
  const meant = claims.filter(({ listeners }) => listeners?.includes(listener.id) ?? true)
  const placement =
    listener.protocol === 'https' ? placeSecure(listener, meant, faults) : placePlain(listener, meant, faults)
  noteSharedAddresses(listener, servedOn(placement), faults)
  return placement
}

// What an API asks of TLS would mean nothing without it: there it is not served.
function placePlain<C extends Claim>(
  listener: Listener,
  meant: readonly C[],
  faults: Faults<C>,
): Placement<C> {
  for (const claim of meant) {
    if (claim.tls === undefined || claim.listeners === undefined) continue
    const detail = `${titleOf(claim)} has a tls policy and cannot be served on the listener ${listenerName(listener.id)}, which speaks http`
    faults.wrong(claim, 'listeners', detail, claim.listeners.indexOf(listener.id))
  }
  return { plain: meant.filter(({ tls }) => tls === undefined), secure: undefined }
}

/** Certificates are chosen by host, before it is known which API is wanted: a host has one TLS. */
function placeSecure<C extends Claim>(
  listener: Listener,
  meant: readonly C[],
  faults: Faults<C>,
): Placement<C> {
  const hosts = new HostTable(tlsByHost(listener, meant, faults))
  const served = new Map<string, C[]>()
  for (const claim of meant) {
    const key = hosts.find(claim.host)
    if (key !== undefined) {
      const sharing = served.get(key)
      if (sharing === undefined) served.set(key, [claim])
      else sharing.push(claim)
    } else if (claim.listeners !== undefined) {
      const detail = `${titleOf(claim)}: no tls policy gives a certificate for ${hostText(claim.host)} on the listener ${listenerName(listener.id)}`
      faults.unserved(claim, 'listeners', detail, claim.listeners.indexOf(listener.id))
    }
  }
  return { plain: [], secure: { hosts, served } }
}

function tlsByHost<C extends Claim>(
  listener: Listener,
  meant: readonly C[],
  faults: Faults<C>,
): Map<string, string> {
  const holders = new Map<string, { claim: C; tls: ClaimedTls }>()
  for (const claim of meant) {
    const { tls, host } = claim
    if (tls === undefined) continue
    const holder = holders.get(host)
    if (holder === undefined) holders.set(host, { claim, tls })
    else if (holder.tls.key !== tls.key)
      faults.clash(claim, holder.claim, 'tls', listener, (names, where) => {
        const parts = differenceOf(tls.settings, holder.tls.settings).join(', ')
        return `${names} ask for different TLS at ${hostText(host)} ${where} (${parts}): give both the same, or the tls policy to one of them alone`
      })
  }
  return new Map([...holders].map(([host, { tls }]) => [host, tls.key]))
}

const tlsWords: Readonly<Record<keyof InboundTls, string>> = {
  certificate: 'certificate',
  mode: 'client certificates',
  trustedCa: 'trusted CAs',
  subjectAltNames: 'allowed clients',
  spkiHashes: 'pinned keys',
  crl: 'revoked certificates',
  minVersion: 'oldest version',
  maxVersion: 'newest version',
  ciphers: 'cipher suites',
  alpn: 'protocols',
}

function differenceOf(a: InboundTls, b: InboundTls): string[] {
  // The table has a word for every member, which Object.entries does not carry over.
  const members = Object.entries(tlsWords) as [keyof InboundTls, string][]
  return members.flatMap(([member, word]) =>
    JSON.stringify(a[member]) === JSON.stringify(b[member]) ? [] : [word],
  )
}

function servedOn<C extends Claim>({ plain, secure }: Placement<C>): readonly C[] {
  return secure === undefined ? plain : [...secure.served.values()].flat()
}

function noteSharedAddresses<C extends Claim>(
  listener: Listener,
  served: readonly C[],
  faults: Faults<C>,
): void {
  const holders = new Map<string, C>()
  for (const claim of served) {
    const address = `${claim.host} ${claim.basePath}`
    const holder = holders.get(address)
    if (holder === undefined) holders.set(address, claim)
    else
      faults.clash(
        claim,
        holder,
        'basePath',
        listener,
        (names, where) => `${names} both answer at ${addressText(claim)} ${where}`,
      )
  }
}

function isInForm<C extends Claim>(claim: C, faults: Faults<C>): boolean {
  const { host, basePath } = claim
  const hostFault = hostFormFault(host)
  const pathFault = pathFormFault(basePath)
  if (hostFault !== null) faults.wrong(claim, 'host', `${titleOf(claim)}: ${hostFault}`)
  if (pathFault !== null) faults.wrong(claim, 'basePath', `${titleOf(claim)}: ${pathFault}`)
  return hostFault === null && pathFault === null
}

function hostFormFault(host: string): string | null {
  if (host !== host.toLowerCase()) return `the host ${host} is not lower-case`
  if (host !== anyHost && host.replace(/^\*\./, '').includes('*'))
    return `in the host ${host} a * can only stand for what is before the first dot`
  return null
}

/** Nearly every base path; nothing in it could be written in another way. */
const wordsAlone = /^(?:\/[\w-]+)+$/

function pathFormFault(basePath: string): string | null {
  if (wordsAlone.test(basePath)) return null
  const isTidy = basePath.length === 1 || !basePath.endsWith('/')
  const isNormal = isTidy && /^[\x21-\x7e]*$/.test(basePath) && normalPath(basePath) === basePath
  return isNormal ? null : `${basePath} is not a normal base path`
}

function noteUnknownListeners<C extends Claim>(
  claim: C,
  known: ReadonlySet<string>,
  faults: Faults<C>,
): void {
  for (const [index, id] of (claim.listeners ?? []).entries()) {
    if (known.has(id)) continue
    const detail = `${titleOf(claim)} is to be served on the listener ${listenerName(id)}, and there is no such listener`
    faults.wrong(claim, 'listeners', detail, index)
  }
}

/** An API that names its listeners is told of each of them; one that does not must have found one. */
function noteUnserved<C extends Claim>(
  claims: readonly C[],
  placements: readonly Placement<C>[],
  faults: Faults<C>,
): void {
  if (placements.length === 0) return
  const served = new Set(placements.flatMap(servedOn))
  for (const claim of claims) {
    if (served.has(claim) || claim.listeners !== undefined) continue
    if (claim.tls !== undefined)
      faults.unserved(claim, 'tls', `${titleOf(claim)} has a tls policy, and there is no listener for https`)
    else {
      const detail = `${titleOf(claim)}: there is no listener for http, and no tls policy gives a certificate for ${hostText(claim.host)}`
      faults.unserved(claim, 'policies', detail)
    }
  }
}

type ClashWords = (names: string, where: string) => string

/** Two APIs that clash on several listeners are told of once. */
class Faults<C extends Claim> {
  readonly #single: PlacingFault[] = []
  readonly #clashes = new Map<
    string,
    { claim: C; other: C; member: PlacingFault['member']; listeners: string[]; words: ClashWords }
  >()

  wrong(claim: C, member: PlacingFault['member'], detail: string, index?: number): void {
    this.#add('wrong', claim, member, detail, index)
  }

  unserved(claim: C, member: PlacingFault['member'], detail: string, index?: number): void {
    this.#add('unserved', claim, member, detail, index)
  }

  clash(claim: C, other: C, member: PlacingFault['member'], { id }: Listener, words: ClashWords): void {
    const key = JSON.stringify([claim.id, other.id, member])
    const known = this.#clashes.get(key)
    if (known === undefined) this.#clashes.set(key, { claim, other, member, listeners: [id], words })
    else known.listeners.push(id)
  }

  list(): PlacingFault[] {
    const clashes = [...this.#clashes.values()].map(({ claim, other, member, listeners, words }) => {
      const where = `on the listener${listeners.length > 1 ? 's' : ''} ${inWords(listeners.map(listenerName))}`
      const detail = words(bothTitles(claim, other), where)
      return { kind: 'clash' as const, apiId: claim.id, otherId: other.id, on: listeners, member, detail }
    })
    return [...this.#single, ...clashes]
  }

  #add(
    kind: 'wrong' | 'unserved',
    claim: C,
    member: PlacingFault['member'],
    detail: string,
    index?: number,
  ): void {
    this.#single.push({ kind, apiId: claim.id, member, ...(index === undefined ? {} : { index }), detail })
  }
}

function titleOf({ name, version }: Claim): string {
  return `${name} ${version}`.trim()
}

/** An API may stand at a gateway twice, under the same name. */
function bothTitles(a: Claim, b: Claim): string {
  const titles = [a, b].map(titleOf)
  return titles[0] === titles[1] ? `${titles[0]} (${a.id}) and ${titles[1]} (${b.id})` : titles.join(' and ')
}

function inWords(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

function hostText(host: string): string {
  return host === anyHost ? 'any host' : host
}

function addressText({ host, basePath }: Claim): string {
  return host === anyHost ? basePath : `${host}${basePath}`
}
