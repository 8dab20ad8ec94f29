import { z } from 'zod'
import { definePolicy } from '../definition.ts'
import { checkedBy } from '../form-fields.ts'
import { isFieldValue } from '../header-fields.ts'
import { injectedHeader } from '../injected-header.ts'

const config = z.strictObject({
  key: z
    .string()
    .min(1)
    .max(4_000)
    .check(checkedBy((text: string) => (isFieldValue(text) ? undefined : 'must be visible ASCII characters')))
    .meta({ title: 'Key', sensitive: true }),
  headers: z
    .array(injectedHeader)
    .min(1)
    .max(10)
    .default(['x-api-key'])
    .meta({
      title: 'Headers',
      description: 'The headers that carry the key. What the caller sent in them is replaced.',
      examples: [['x-api-key']],
    }),
})
type Config = z.infer<typeof config>

/** Tells the upstream a key that callers do not know. */
export const credentialInjectionApiKey = definePolicy<Config>({
  kind: 'credential-injection-api-key',
  policyVersion: '1.0.0',
  title: 'API key for the upstream',
  summary: 'Sends a key to the upstream that callers do not know.',
  category: 'shape',
  outbound: true,
  config,
  summarise: ({ headers }) => `A key in ${headers.join(', ')}`,
  prepare({ key, headers }) {
    const names = headers.map((header) => header.toLowerCase())
    return {
      onRequest(exchange) {
        for (const name of names) exchange.setHeader(name, key)
        return undefined
      },
    }
  },
})
