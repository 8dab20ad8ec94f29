import { addressKind } from '#domain/address.ts'
import { pointerOf, segmentsOf } from '#domain/json-pointer.ts'
import { isObject, type Json, type JsonObject, valueAt } from './json.ts'

/** What an OpenAPI document says of transport and credentials that nobody should leave so. */

export const securityCodes = [
  'openapi.server-plaintext',
  'openapi.credentials-in-clear',
  'openapi.issuer-plaintext',
  'openapi.key-in-query',
  'openapi.security-absent',
] as const

export interface SecurityRemark {
  readonly code: (typeof securityCodes)[number]
  readonly severity: 'error' | 'warning' | 'note'
  readonly pointer: string
  readonly sentence: string
  readonly fix: string
}

/** In the order of the document's parts. */
export function securityRemarks(definition: JsonObject): SecurityRemark[] {
  const schemes = schemesIn(definition)
  const asks = usesSecurity(definition)
  return [...serverRemarks(definition, asks), ...schemes.flatMap(schemeRemarks), ...absence(definition, asks)]
}

// ── servers ─────────────────────────────────────────────────────────────────

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const

/** Servers of the document, of its paths and of their operations. */
function serversIn(definition: JsonObject): { url: string; pointer: string }[] {
  const paths = isObject(definition['paths']) ? definition['paths'] : {}
  const holders = [
    { at: [] as string[], holder: definition as Json },
    ...Object.entries(paths).flatMap(([path, item]) => [
      { at: ['paths', path], holder: item },
      ...methods.flatMap((method) =>
        isObject(item) && isObject(item[method])
          ? [{ at: ['paths', path, method], holder: item[method] }]
          : [],
      ),
    ]),
  ]
  return holders.flatMap(({ at, holder }) => {
    const servers = isObject(holder) ? holder['servers'] : undefined
    if (!Array.isArray(servers)) return []
    return servers.flatMap((server, index) => {
      const url = isObject(server) ? server['url'] : undefined
      return typeof url === 'string' ? [{ url, pointer: pointerOf([...at, 'servers', index, 'url']) }] : []
    })
  })
}

function serverRemarks(definition: JsonObject, asks: boolean): SecurityRemark[] {
  return serversIn(definition)
    .filter(({ url }) => isPlain(url))
    .map(({ url, pointer }): SecurityRemark => {
      const fix = `Write ${url.replace(/^http:/i, 'https:')}, or remove the server`
      if (!asks)
        return {
          ...{ code: 'openapi.server-plaintext', severity: 'warning', pointer, fix },
          sentence: `The server ${url} is reached without TLS: whoever is on the way reads and changes what is sent.`,
        }
      return {
        ...{ code: 'openapi.credentials-in-clear', severity: 'error', pointer, fix },
        sentence: `The server ${url} is reached without TLS, and operations ask for credentials, which go there in the clear.`,
      }
    })
}

// A machine's own loopback has no way to listen on.
function isPlain(url: string): boolean {
  if (!/^http:/i.test(url)) return false
  const host = URL.parse(url.replaceAll(/[{}]/g, ''))?.hostname ?? ''
  return addressKind(host) !== 'loopback'
}

// ── security schemes ────────────────────────────────────────────────────────

interface Scheme {
  readonly name: string
  readonly pointer: string
  readonly scheme: JsonObject
}

function schemesIn(definition: JsonObject): Scheme[] {
  const all = valueAt(definition, '/components/securitySchemes')
  if (!isObject(all)) return []
  return Object.entries(all).flatMap(([name, given]) => {
    const pointer = pointerOf(['components', 'securitySchemes', name])
    const reference = isObject(given) ? given['$ref'] : undefined
    const scheme =
      typeof reference === 'string' && reference.startsWith('#')
        ? valueAt(definition, pointerOf(segmentsOf(reference.slice(1))))
        : given
    return isObject(scheme) ? [{ name, pointer, scheme }] : []
  })
}

const flowUrls = ['authorizationUrl', 'tokenUrl', 'refreshUrl'] as const

function schemeRemarks({ name, pointer, scheme }: Scheme): SecurityRemark[] {
  const flows = isObject(scheme['flows']) ? Object.entries(scheme['flows']) : []
  const urls = [
    { url: scheme['openIdConnectUrl'], at: `${pointer}/openIdConnectUrl` },
    ...flows.flatMap(([flow, given]) =>
      flowUrls.map((member) => ({
        url: isObject(given) ? given[member] : undefined,
        at: pointer + pointerOf(['flows', flow, member]),
      })),
    ),
  ]
  const plain = urls.flatMap(({ url, at }): SecurityRemark[] =>
    typeof url === 'string' && isPlain(url)
      ? [
          {
            ...{ code: 'openapi.issuer-plaintext', severity: 'error', pointer: at },
            sentence: `The scheme ${name} has its tokens from ${url}, without TLS: whoever is on the way takes them.`,
            fix: `Write ${url.replace(/^http:/i, 'https:')}`,
          },
        ]
      : [],
  )
  if (scheme['type'] !== 'apiKey' || scheme['in'] !== 'query') return plain
  return [
    ...plain,
    {
      ...{ code: 'openapi.key-in-query', severity: 'warning', pointer: `${pointer}/in` },
      sentence: `The scheme ${name} has the key in the query, which ends up in logs, histories and referrers.`,
      fix: 'Take the key by a header',
    },
  ]
}

// ── requirements ────────────────────────────────────────────────────────────

function operationsIn(definition: JsonObject): { pointer: string; operation: JsonObject }[] {
  const paths = isObject(definition['paths']) ? definition['paths'] : {}
  return Object.entries(paths).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation = isObject(item) ? item[method] : undefined
      return isObject(operation) ? [{ pointer: pointerOf(['paths', path, method]), operation }] : []
    }),
  )
}

/** Whether a list of requirements asks for something; an empty object among them makes it optional, which still asks. */
function asksIn(security: Json | undefined): boolean {
  return Array.isArray(security) && security.some((one) => isObject(one) && Object.keys(one).length > 0)
}

function usesSecurity(definition: JsonObject): boolean {
  if (asksIn(definition['security'])) return true
  return operationsIn(definition).some(({ operation }) => asksIn(operation['security']))
}

/** A gateway may ask for what the document does not, so that this is no fault. */
function absence(definition: JsonObject, asks: boolean): SecurityRemark[] {
  if (asks || operationsIn(definition).length === 0) return []
  return [
    {
      ...{ code: 'openapi.security-absent', severity: 'note', pointer: '' },
      sentence: 'No operation says which credentials it asks for.',
      fix: 'Declare securitySchemes and security, or let a policy of the gateway ask for them',
    },
  ]
}
