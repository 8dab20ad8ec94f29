import { z } from 'zod'
import { certificateBoundOnly } from '../certificate-binding.ts'
import { expressionForms } from '../expression.ts'
import { formulaFault, isFormula } from '../formula.ts'
import { checkedBy, commaList, controlUrl, optionalExpression } from '../form-fields.ts'
import { isToken, reservedHeader } from '../header-fields.ts'
import {
  type Algorithm,
  algorithms,
  isAlgorithm,
  isSymmetric,
  keyOfSecret,
  type VerificationKey,
} from './key.ts'
import { keyOfText } from './public-key-text.ts'

const customClaim = z.strictObject({
  key: z
    .string()
    .min(1)
    .max(200)
    .meta({
      title: 'Claim',
      description: 'Its name, or a path with dots between.',
      examples: ['tenant', 'realm_access.roles'],
    }),
  value: z
    .string()
    .min(1)
    .max(1_000)
    .check(checkedBy((text: string) => (isFormula(text) ? formulaFault(text) : undefined)))
    .meta({
      title: 'Value',
      description:
        'What it must be, or a formula that says so or that is true or false. Of a list, one entry must be that.',
      examples: ['gold', '#[vars.claimSet.level >= 3]', ...expressionForms],
    }),
})
const customClaims = z.array(customClaim).max(50).default([])

const claimToHeader = z.strictObject({
  claim: z
    .string()
    .min(1)
    .max(200)
    .meta({ title: 'Claim', examples: ['sub', 'agency'] }),
  header: z
    .string()
    .min(1)
    .max(200)
    .check(checkedBy((name: string) => (isToken(name) ? reservedHeader(name) : 'is not a header name')))
    .meta({ title: 'Header', examples: ['x-user'] }),
})

const fields = z.strictObject({
  jwtOrigin: z
    .enum(['httpBearerAuthenticationHeader', 'customExpression'])
    .default('httpBearerAuthenticationHeader')
    .meta({
      title: 'Where the token is',
      description: 'The Authorization header with the word Bearer, or what an expression finds.',
    }),
  jwtExpression: optionalExpression.default('').meta({
    title: 'Token expression',
    description: 'Finds the token where an expression says where it is. Not used otherwise.',
    examples: ["#[attributes.headers['jwt']]"],
  }),
  jwtKeyOrigin: z
    .enum(['jwks', 'text'])
    .default('jwks')
    .meta({ title: 'Where the keys are', description: 'Published by the issuer, or given here.' }),
  jwksUrl: commaList(z.array(controlUrl).max(10))
    .default([])
    .meta({
      title: 'Key sets',
      description:
        'Addresses at which issuers publish their keys (JWKS). With http:// whoever is on the way could give others.',
      examples: [['https://login.example/.well-known/jwks.json']],
    }),
  textKey: z.string().max(20_000).default('').meta({
    title: 'Key',
    description: 'Public key in PEM or as a JWK, or the shared secret for HMAC.',
    sensitive: true,
    multiline: true,
  }),
  signingMethod: z
    .enum(['rsa', 'es', 'hmac'], {
      error: 'must be rsa, es or hmac; tokens without a signature are never taken',
    })
    .default('rsa')
    .meta({ title: 'Signing method' }),
  signingKeyLength: z
    .literal([256, 384, 512])
    .default(256)
    .meta({ title: 'Length', description: 'Bits of the digest: 256 makes RS256, ES256 or HS256.' }),
  allowedAlgorithms: z
    .array(z.enum(algorithms, { error: `must be one of ${algorithms.join(', ')}` }))
    .max(algorithms.length)
    .default([])
    .meta({
      title: 'Algorithms',
      description: 'Takes the place of method and length where several algorithms are in use.',
      examples: [['RS256', 'ES256']],
    }),
  issuers: commaList(z.array(z.string().min(1).max(500)).max(50))
    .default([])
    .meta({
      title: 'Issuers',
      description: 'The iss claim must be one of these. Empty: it is not looked at.',
      examples: [['https://login.example']],
    }),
  validateAudClaim: z
    .boolean()
    .default(false)
    .meta({ title: 'Check the audience', description: 'The aud claim must name one of the audiences.' }),
  supportedAudiences: commaList(z.array(z.string().min(1).max(500)).max(50))
    .default([])
    .meta({ title: 'Audiences', examples: [['https://api.example']] }),
  mandatoryAudClaim: z.boolean().default(true).meta({
    title: 'Audience must be there',
    description: 'Where the audience is checked, a token without one is refused.',
  }),
  mandatoryExpClaim: z
    .boolean()
    .default(true)
    .meta({ title: 'Expiry must be there', description: 'A token without exp would be good for ever.' }),
  mandatoryNbfClaim: z
    .boolean()
    .default(false)
    .meta({ title: 'Start must be there', description: 'A token without nbf is refused.' }),
  tlsClientCertificateBoundAccessTokens: certificateBoundOnly,
  leeway: z.int().min(0).max(60).default(10).meta({
    title: 'Leeway',
    description: 'Seconds by which the clocks of issuer and gateway may differ.',
  }),
  mandatoryCustomClaims: customClaims.meta({
    title: 'Claims that must be there',
    description: 'A token without one of them, or with another value, is refused.',
  }),
  nonMandatoryCustomClaims: customClaims.meta({
    title: 'Claims that may be there',
    description: 'Where a token has one, its value must be this.',
  }),
  claimsToHeaders: z.array(claimToHeader).max(50).default([]).meta({
    title: 'Claims to headers',
    description:
      'Tells the upstream. Lists and objects are written as JSON, other than visible ASCII percent-encoded; what the caller sent under these names is removed.',
  }),
  skipClientIdValidation: z.boolean().default(false).meta({
    title: 'Any client',
    description: 'Also takes tokens of clients that have no contract with this API.',
  }),
  clientIdExpression: optionalExpression.default('').meta({
    title: 'Client id',
    description: 'Finds the id of the client. Empty: the claim client_id, or else azp.',
    examples: ["#[authentication.claims['client_id']]"],
  }),
  jwksServiceTimeToLive: z.int().min(1).max(10_080).default(60).meta({
    title: 'Keep keys for',
    description: 'Minutes for which published keys count as fresh.',
    advanced: true,
  }),
  jwksServiceStaleLimit: z.int().min(0).max(10_080).default(1_440).meta({
    title: 'Keep keys without issuer for',
    description: 'Minutes beyond that for which they are used while the issuer cannot be asked.',
    advanced: true,
  }),
  jwksServiceConnectionTimeout: z.int().min(100).max(60_000).default(10_000).meta({
    title: 'Time limit for keys',
    description: 'Milliseconds in which the issuer must have answered.',
    advanced: true,
  }),
})
export type JwtValidationConfig = z.infer<typeof fields>

/** The algorithms that tokens may be signed with. */
export function allowedOf(config: JwtValidationConfig): readonly Algorithm[] {
  if (config.allowedAlgorithms.length > 0) return config.allowedAlgorithms
  const start = { rsa: 'RS', es: 'ES', hmac: 'HS' }[config.signingMethod]
  const name = `${start}${config.signingKeyLength}`
  return isAlgorithm(name) ? [name] : []
}

/** The key of the configuration, or what is wrong with it. */
export function textKeyOf(config: JwtValidationConfig): VerificationKey | string {
  const allowed = allowedOf(config)
  if (allowed.every(isSymmetric)) return keyOfSecret(config.textKey, allowed)
  const key = keyOfText(config.textKey)
  if (typeof key === 'string' || allowed.some((algorithm) => key.fits(algorithm))) return key
  return `the key is not one for ${allowed.join(', ')}`
}

type Fault = readonly [member: keyof JwtValidationConfig, message: string]

function faultsOf(config: JwtValidationConfig): Fault[] {
  const allowed = allowedOf(config)
  const method = config.allowedAlgorithms.length > 0 ? 'allowedAlgorithms' : 'signingMethod'
  const faults: Fault[] = []
  if (config.jwtOrigin === 'customExpression' && config.jwtExpression === '')
    faults.push(['jwtExpression', 'must say where the token is'])
  if (allowed.some(isSymmetric) && !allowed.every(isSymmetric))
    faults.push([method, 'shared secrets and public keys cannot be meant at once'])
  else if (config.jwtKeyOrigin === 'text') {
    const key = config.textKey === '' ? 'must be given' : textKeyOf(config)
    if (typeof key === 'string') faults.push(['textKey', key])
  } else {
    if (config.jwksUrl.length === 0) faults.push(['jwksUrl', 'must name at least one key set'])
    if (allowed.some(isSymmetric)) faults.push([method, 'a shared secret cannot be published in a key set'])
  }
  if (config.validateAudClaim && config.supportedAudiences.length === 0)
    faults.push(['supportedAudiences', 'must name the audiences that are accepted'])
  const headers = config.claimsToHeaders.map(({ header }) => header.toLowerCase())
  if (new Set(headers).size < headers.length)
    faults.push(['claimsToHeaders', 'two claims cannot go into one header'])
  return faults
}

export const jwtValidationConfig = fields.check((context) => {
  for (const [member, message] of faultsOf(context.value))
    context.issues.push({ code: 'custom', path: [member], message, input: context.value[member] })
})
