import { parse } from 'yaml'

/** Configurations as Flex documents them, in the words of our policies where those differ. */

type Config = Readonly<Record<string, unknown>>

export interface Reworded {
  readonly config: Config
  /** What of it has no meaning here, for people. */
  readonly note?: string
}

/** What Flex calls the place of a client's credentials, and what stands there in our words. */
const originMember = 'credentialsOriginHasHttpBasicAuthenticationHeader'
const origins = new Map<unknown, string>([
  ['httpBasicAuthenticationHeader', 'basic'],
  ['customExpression', 'expression'],
])

function withOrigin(config: Config): Reworded {
  const { [originMember]: written, ...rest } = config
  const credentialsOrigin = origins.get(written)
  // Another word stays where it is, and the policy itself says that it does not know it.
  return { config: credentialsOrigin === undefined ? config : { ...rest, credentialsOrigin } }
}

/** Flex takes its standard values for the members that are not used, and leaves custom claims alone unless told. */
function jwtValidation(config: Config): Reworded {
  const { validateCustomClaim, ...rest } = config
  const origin =
    rest['jwtKeyOrigin'] ?? (rest['jwksUrl'] === undefined && 'textKey' in rest ? 'text' : undefined)
  const unused = origin === 'text' ? 'jwksUrl' : origin === 'jwks' ? 'textKey' : undefined
  const claims = ['mandatoryCustomClaims', 'nonMandatoryCustomClaims']
  const dropped = validateCustomClaim === false ? claims.filter((name) => rest[name] !== undefined) : []
  const kept = Object.entries(rest).filter(([name]) => name !== unused && !dropped.includes(name))
  return {
    config: { ...Object.fromEntries(kept), ...(origin === undefined ? {} : { jwtKeyOrigin: origin }) },
    ...(dropped.length === 0
      ? {}
      : { note: `validateCustomClaim is false: ${dropped.join(' and ')} are not looked at` }),
  }
}

/** An IPv4 address whose last octets are left out stands for all that begin so. */
function addressBlocks(config: Config): Reworded {
  const { ips } = config
  if (!Array.isArray(ips)) return { config }
  return { config: { ...config, ips: ips.map(wholeBlock) } }
}

function wholeBlock(ip: unknown): unknown {
  if (typeof ip !== 'string' || !/^\d{1,3}(?:\.\d{1,3}){0,2}$/.test(ip)) return ip
  const octets = ip.split('.')
  return `${[...octets, '0', '0', '0'].slice(0, 4).join('.')}/${octets.length * 8}`
}

function rateLimiting(config: Config): Reworded {
  const { blockOnUnknownQuota: blocks, ...rest } = config
  if (typeof blocks !== 'boolean') return { config }
  return { config: { failureMode: blocks ? 'closed' : 'open', ...rest } }
}

/** Flex writes a message in the moments that are asked for, and in no other. */
function messageLogging(config: Config): Reworded {
  const { loggingConfiguration: items } = config
  if (!Array.isArray(items)) return { config }
  return { config: { ...config, loggingConfiguration: items.map(withSections) } }
}

function withSections(item: unknown): unknown {
  if (!isObject(item) || !isObject(item['itemData'])) return item
  const { itemData } = item
  if (itemData['secondSection'] !== true || 'firstSection' in itemData) return item
  return { ...item, itemData: { ...itemData, firstSection: false } }
}

/** A specification may be written in YAML, too. */
function specValidation(config: Config): Reworded {
  const { spec } = config
  if (typeof spec !== 'string' || spec.trim() === '' || spec.trimStart().startsWith('{')) return { config }
  try {
    const read: unknown = parse(spec, { schema: 'core', maxAliasCount: 100 })
    return isObject(read) ? { config: { ...config, spec: JSON.stringify(read) } } : { config }
  } catch {
    // The policy itself says that it cannot read it.
    return { config }
  }
}

function apiKeyForUpstream(config: Config): Reworded {
  const { authType, apiKey, customHeader = 'authorization', overwrite, ...rest } = config
  if (authType !== 'apiKey' || overwrite === false) return { config }
  return { config: { ...rest, key: apiKey, headers: [customHeader] } }
}

/** What the policy does anyway need not be said. */
const tokenForUpstreamAnyway: Readonly<Record<string, unknown>> = {
  grantType: 'clientCredentials',
  credentialLocation: 'header',
  tokenRequestBodyFormat: 'urlEncoded',
  cachingTtl: 0,
}

function tokenForUpstream(config: Config): Reworded {
  const kept = Object.entries(config).filter(([name, value]) => tokenForUpstreamAnyway[name] !== value)
  return { config: Object.fromEntries(kept) }
}

function isObject(value: unknown): value is Config {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const byKind: Readonly<Record<string, (config: Config) => Reworded>> = {
  'client-id-enforcement': withOrigin,
  'credential-injection-api-key': apiKeyForUpstream,
  'credential-injection-oauth2': tokenForUpstream,
  'ip-allowlist': addressBlocks,
  'ip-blocklist': addressBlocks,
  'jwt-validation': jwtValidation,
  'message-logging': messageLogging,
  'rate-limiting': rateLimiting,
  'spec-validation': specValidation,
}

/** The configuration in the words of the policy of that kind. */
export function inOurWords(kind: string, config: Config): Reworded {
  return (Object.hasOwn(byKind, kind) ? byKind[kind] : undefined)?.(config) ?? { config }
}
