import { z } from 'zod'

const renewal = z.strictObject({
  message: z
    .string()
    .min(1)
    .max(100)
    .default('renew')
    .meta({
      title: 'Message',
      description: 'What a client calls its renewal: it sends {"type": "renew", "token": "…"} on the socket.',
      examples: ['renew'],
    }),
  minRemaining: z
    .int()
    .min(0)
    .max(86_400)
    .default(0)
    .meta({ title: 'Least time left', description: 'Seconds that a new token must still be good for.' }),
  sameSubjectRequired: z.literal(true).default(true).meta({
    title: 'Same subject',
    description: 'A new token must be of the same issuer and subject. Always on.',
  }),
})

export const websocketSessionConfig = z.strictObject({
  authenticateOn: z.enum(['upgrade']).default('upgrade').meta({
    title: 'Authenticate on',
    description: 'The upgrade is checked like any call, by the identity policy before this one.',
  }),
  expiryAction: z
    .enum(['evict'])
    .default('evict')
    .meta({ title: 'At expiry', description: 'Closes the socket when its token has expired.' }),
  graceSeconds: z
    .int()
    .min(0)
    .max(3_600)
    .default(0)
    .meta({ title: 'Grace', description: 'Seconds behind the expiry of the token.', examples: [30] }),
  renewal: renewal
    .prefault({})
    .meta({ title: 'Renewal', description: 'A client renews its token on the open socket.' }),
  maxLifetime: z.int().min(0).max(31_536_000).default(0).meta({
    title: 'Longest life',
    description: 'Seconds after which a socket ends however often it was renewed; 0 for no bound.',
  }),
  maxSessions: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(0)
    .meta({ title: 'Sockets of one caller', description: 'At a time, on each node; 0 for no bound.' }),
  closeCode: z
    .int()
    .min(4_000)
    .max(4_999)
    .default(4_401)
    .meta({ title: 'Close code', description: 'What the client is told when its token has expired.' }),
})
export type WebsocketSessionConfig = z.infer<typeof websocketSessionConfig>
