import { z } from 'zod'
import { definePolicy } from '../definition.ts'
import { msOf, seconds } from '../seconds.ts'

const config = z
  .strictObject({
    path: z
      .string()
      .max(2_000)
      .regex(/^\/[\x21-\x7e]*$/, { error: 'must begin with / and be visible ASCII' })
      .default('/')
      .meta({
        title: 'Path',
        description: 'Of the check, on each endpoint; the path of its address is not put in front.',
        examples: ['/health'],
      }),
    method: z.enum(['GET', 'HEAD', 'OPTIONS']).default('GET').meta({ title: 'Method' }),
    interval: seconds(0.01, 3_600, 10).meta({ title: 'Every', description: 'In seconds.' }),
    timeout: seconds(0.01, 600, 5).meta({
      title: 'Answer within',
      description: 'In seconds, with the time to connect.',
    }),
    healthyThreshold: z
      .int()
      .min(1)
      .max(100)
      .default(2)
      .meta({ title: 'Well after', description: 'Good checks in a row that bring an endpoint back.' }),
    unhealthyThreshold: z
      .int()
      .min(1)
      .max(100)
      .default(3)
      .meta({ title: 'Ill after', description: 'Bad checks in a row that take an endpoint out.' }),
    expectedStatuses: z
      .array(z.int().min(100).max(599))
      .min(1)
      .max(50)
      .default([200])
      .meta({ title: 'Good answers', description: 'Their status codes.', examples: [200, 204] }),
  })
  .check((context) => {
    if (context.value.timeout <= context.value.interval) return
    const message = 'must not be longer than the interval'
    context.issues.push({ code: 'custom', path: ['timeout'], message, input: context.value })
  })
type Config = z.infer<typeof config>

/** Asks endpoints whether they are well, through the TLS that requests take too. */
export const healthCheck = definePolicy<Config>({
  kind: 'health-check',
  policyVersion: '1.0.0',
  title: 'Health check',
  summary: 'Asks every endpoint at intervals whether it is well, and passes over those that are not.',
  category: 'resilience',
  outbound: true,
  config,
  summarise: ({ method, path, interval }) => `${method} ${path} every ${interval} s`,
  prepare: () => ({}),
  upstream: ({ interval, timeout, ...rest }) => ({
    healthCheck: { ...rest, intervalMs: msOf(interval), timeoutMs: msOf(timeout) },
  }),
})
