import { z } from 'zod'

const origin = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/$/, ''))

const schema = z
  .object({
    HEXGATE_STS_PORT: z.coerce.number().int().min(0).max(65_535).default(3001),
    HEXGATE_STS_ADDRESS: z.string().min(1).default('127.0.0.1'),
    /** What stands in tokens and in discovery; http://localhost:PORT unless given. */
    HEXGATE_STS_ISSUER: origin.optional(),
    HEXGATE_STS_DATA: z.string().min(1),
    /** Where browsers reach the portal; sign-in returns there and nowhere else. Several by commas. */
    HEXGATE_PORTAL_URL: z
      .string()
      .default('http://localhost:3000')
      .transform((text) => text.split(',').map((url) => url.trim()))
      .pipe(z.array(origin).min(1)),
  })
  .transform((env) => ({
    port: env.HEXGATE_STS_PORT,
    address: env.HEXGATE_STS_ADDRESS,
    issuer: env.HEXGATE_STS_ISSUER ?? null,
    dataFolder: env.HEXGATE_STS_DATA,
    portalUrls: env.HEXGATE_PORTAL_URL,
  }))

export type Settings = z.output<typeof schema>

/** The settings from the environment; throws one line that names what does not fit. */
export function readSettings(env: Record<string, string | undefined>): Settings {
  const result = schema.safeParse(env)
  if (result.success) return result.data
  const lines = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  throw new Error(`The identity provider cannot start. ${lines.join('; ')}`)
}
