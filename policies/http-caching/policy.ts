import { definePolicy } from '../definition.ts'
import { Cache } from './cache.ts'
import { config, type Config } from './config.ts'

/** Gives answers again instead of asking the upstream again. */
export const httpCaching = definePolicy<Config>({
  kind: 'http-caching',
  policyVersion: '1.0.0',
  title: 'Caching',
  summary:
    'Answers from a cache by the rules of HTTP, and never gives one caller what is for another. Policies behind it are not asked for stored answers.',
  category: 'traffic',
  config,
  summarise: ({ useHttpCacheHeaders, ttl, distributed }) =>
    (useHttpCacheHeaders ? 'As long as answers say' : `For ${ttl} seconds`) +
    (distributed ? ', shared by all nodes' : ''),
  prepare(given, ports) {
    const cache = new Cache(given, ports)
    return {
      onRequest: (exchange) => cache.asked(exchange),
      onResponse: (exchange) => cache.answered(exchange),
      onUpstreamFailure: (exchange, due) => cache.failed(exchange, due.status),
      responseBody: {
        maxBytes: given.maxEntryBytes,
        wants: (exchange) => cache.wants(exchange),
        run: (exchange, body) => cache.complete(exchange, body),
      },
      onDone: (exchange) => cache.done(exchange),
    }
  },
})
