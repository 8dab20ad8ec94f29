import { z } from 'zod'

const schema = z.object({
  NODE_ENV: z.enum(['development', 'production', 'test']).default('development'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  /** 32 bytes, base64: the key-encryption key under which the database's secrets are sealed. */
  HEXGATE_MASTER_KEY: z
    .string()
    .refine((text) => Buffer.from(text, 'base64').length === 32, 'must be 32 bytes in base64'),
  /** Where browsers and nodes reach the portal, e.g. http://localhost:3000. */
  HEXGATE_PORTAL_URL: z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/$/, '')),
  OIDC_ISSUER: z.url({ protocol: /^https?$/ }),
  OIDC_CLIENT_ID: z.string().min(1),
  OIDC_CLIENT_SECRET: z.string().min(1),
  /** Whether the issuer is the bundled provider, whose claims about roles count. */
  HEXGATE_BUNDLED_STS: z.stringbool().default(false),
  /** Whether documents may be imported from loopback and private addresses, and upstreams may be there. */
  HEXGATE_ALLOW_PRIVATE_ADDRESSES: z.stringbool().default(false),
})

export type Env = z.output<typeof schema>

let parsed: Env | undefined

/** The process's settings, checked once, at the first question, so that a build needs none of them. */
export function env(): Env {
  if (parsed) return parsed
  const result = schema.safeParse(process.env)
  if (!result.success) {
    const lines = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
    throw new Error(`The environment is incomplete. ${lines.join('; ')}`)
  }
  parsed = result.data
  return parsed
}
