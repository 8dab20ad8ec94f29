import { z } from 'zod'

const settings = z.object({
  NODE_ENV: z.enum(['development', 'production', 'test']).default('development'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  /**
   * The key-encryption keys (lib/trust/master-keys.ts), each 32 bytes in base64: the first wraps, the others only
   * open. Either the keys themselves or a file that holds them.
   */
  HEXGATE_MASTER_KEY: z.string().min(1).optional(),
  HEXGATE_MASTER_KEY_FILE: z.string().min(1).optional(),
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
const schema = settings.refine(
  ({ HEXGATE_MASTER_KEY: given, HEXGATE_MASTER_KEY_FILE: file }) =>
    (given === undefined) !== (file === undefined),
  { path: ['HEXGATE_MASTER_KEY'], error: 'give either it or HEXGATE_MASTER_KEY_FILE' },
)

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
