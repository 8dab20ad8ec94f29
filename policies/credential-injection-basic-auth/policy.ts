import { z } from 'zod'
import { definePolicy } from '../definition.ts'
import { injectedHeader } from '../injected-header.ts'

const config = z.strictObject({
  username: z
    .string()
    .min(1)
    .max(200)
    // RFC 7617 §2: a colon ends the name.
    .regex(/^[^:\p{Cc}]*$/u, 'must not hold colons or control characters')
    .meta({ title: 'Name' }),
  password: z
    .string()
    .min(1)
    .max(1_000)
    .regex(/^\P{Cc}*$/u, 'must not hold control characters')
    .meta({ title: 'Password', sensitive: true }),
  customHeader: injectedHeader.default('authorization').meta({
    title: 'Header',
    description: 'The header that carries the credentials.',
    examples: ['authorization', 'x-legacy-authorization'],
  }),
  overwrite: z.boolean().default(true).meta({
    title: 'Overwrite',
    description: 'Also takes the place of what the caller sent in that header.',
  }),
})
type Config = z.infer<typeof config>

/** Tells the upstream a name and a password that callers do not know. */
export const credentialInjectionBasicAuth = definePolicy<Config>({
  kind: 'credential-injection-basic-auth',
  policyVersion: '1.0.0',
  title: 'Basic credentials for the upstream',
  summary: 'Sends a name and a password to the upstream that callers do not know.',
  category: 'shape',
  outbound: true,
  config,
  summarise: ({ username, customHeader }) => `${username} and its password in ${customHeader}`,
  prepare({ username, password, customHeader, overwrite }) {
    const name = customHeader.toLowerCase()
    const bytes = new TextEncoder().encode(`${username}:${password}`)
    const value = `Basic ${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))}`
    return {
      onRequest(exchange) {
        if (overwrite || exchange.header(name) === undefined) exchange.setHeader(name, value)
        return undefined
      },
    }
  },
})
