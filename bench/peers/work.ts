import type { Certificates } from '../certificates.ts'
import type { Credentials } from '../credentials.ts'

/** What proxies are compared on. Each does it as its own manual says, in one process or thread, with keep-alive. */
export interface Work {
  /** How many APIs there are, each under a base path of its own. */
  readonly apis: number
  /** A line of JSON for each request, with an id that the upstream gets too. */
  readonly accessLog: boolean
  /** An API key, a rate limit that nobody reaches, a JWT, and a header added to request and response. */
  readonly chain: Credentials | undefined
  /** A client certificate is required, and one is shown to the upstream; each side verifies the other. */
  readonly tls: Certificates | undefined
}

export const plainWork: Work = { apis: 1, accessLog: false, chain: undefined, tls: undefined }

/** Where a proxy stands, and where it may keep its files. */
export interface Place {
  readonly folder: string
  readonly port: number
  readonly upstreamPort: number
  /** Where CPU profiles go, if they are wished and can be had. */
  readonly profileFolder?: string | undefined
}

export interface Command {
  readonly command: readonly string[]
  readonly env?: Record<string, string>
  /** Standard output goes there: logs of all proxies end in files. */
  readonly outputFile?: string
}

/** A proxy that does the same work as this one, if it can. */
export interface Peer {
  readonly name: string
  /** What must be installed; undefined for this gateway itself. */
  readonly program: string | undefined
  can(work: Work): boolean
  /** Writes its configuration and says what to run. */
  start(place: Place, work: Work): Command
}

/** The base path of an API. */
export function basePath(index: number): string {
  return `/api-${index}`
}

/** What is asked for: of many APIs one in the middle. */
export function pathOf({ apis }: Work, rest = '/orders/7f1c'): string {
  return `${basePath(Math.floor(apis / 2))}${rest}`
}

/** What a client sends to be let through. */
export function headersOf({ chain }: Work): readonly string[] {
  return chain === undefined ? [] : [`x-api-key: ${chain.apiKey}`, `authorization: Bearer ${chain.token}`]
}

/** The numbers of the APIs where there are several; a single one needs no route. */
export function routedApis({ apis }: Work): number[] {
  return apis === 1 ? [] : Array.from({ length: apis }, (_, index) => index)
}
