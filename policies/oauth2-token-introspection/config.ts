import { z } from 'zod'
import { certificateBoundOnly } from '../certificate-binding.ts'
import { checkedBy, controlUrl } from '../form-fields.ts'
import { isFieldValue } from '../header-fields.ts'

// What stands in a challenge must be a scope (RFC 6749 §3.3).
const scope = z
  .string()
  .max(200)
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'must be one word of visible characters')

export const introspectionConfig = z.strictObject({
  introspectionURL: controlUrl.meta({
    title: 'Introspection address',
    description: 'Where the issuer says whether a token is good (RFC 7662).',
    examples: ['https://login.example/oauth/introspect'],
  }),
  authorizationValue: z
    .string()
    .max(4_000)
    .check(
      checkedBy((text: string) =>
        text === '' || isFieldValue(text) ? undefined : 'must be visible ASCII characters',
      ),
    )
    .default('')
    .meta({
      title: 'Authorization',
      description:
        'The Authorization header that the gateway sends there: Basic or Bearer and the credentials.',
      sensitive: true,
    }),
  scopes: z
    .preprocess(
      (given) => (typeof given === 'string' ? given.split(/[\s,]+/).filter((one) => one !== '') : given),
      z.array(scope).max(100),
    )
    .default([])
    .meta({ title: 'Scopes', description: 'What a token must be good for. Empty: it is not looked at.' }),
  scopeValidationCriteria: z
    .enum(['AND', 'OR'])
    .default('AND')
    .meta({ title: 'Scopes needed', description: 'AND asks for all of them, OR for one.' }),
  consumerBy: z
    .string()
    .min(1)
    .max(200)
    .default('client_id')
    .meta({
      title: 'Client is named by',
      description: 'The member of the answer that holds the id of the client.',
      examples: ['client_id', 'uid'],
    }),
  skipClientIdValidation: z.boolean().default(false).meta({
    title: 'Any client',
    description: 'Also takes tokens of clients that have no contract with this API.',
  }),
  tlsClientCertificateBoundAccessTokens: certificateBoundOnly,
  exposeHeaders: z.boolean().default(false).meta({
    title: 'Tell the upstream',
    description: 'Sends what is known of the token in headers that begin with X-AGW-.',
  }),
  validatedTokenTTL: z.int().min(0).max(86_400).default(600).meta({
    title: 'Remember for',
    description:
      'Seconds for which an answer is used again, never beyond the end of the token. 0 always asks.',
  }),
  maxCacheEntries: z.int().min(2).max(1_000_000).default(1_000).meta({
    title: 'Remember at most',
    description: 'How many tokens are remembered.',
    advanced: true,
  }),
  authenticationTimeout: z.int().min(100).max(60_000).default(10_000).meta({
    title: 'Time limit',
    description: 'Milliseconds in which the issuer must have answered.',
    advanced: true,
  }),
})
export type IntrospectionConfig = z.infer<typeof introspectionConfig>
