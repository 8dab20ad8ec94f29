import { definePolicy } from '../definition.ts'
import type { Refusal } from '../exchange.ts'
import { compileIpFilter, type IpFilterConfig, ipFilterConfig, ipFilterSummary } from '../ip-filter.ts'

const denied: Refusal = {
  status: 403,
  code: 'ip-blocklist.denied',
  detail: 'The address of the caller is one of those that are refused.',
}
const unreadable: Refusal = {
  status: 403,
  code: 'ip-blocklist.unreadable',
  detail: 'The address of the caller cannot be told.',
}

/** Refuses listed addresses, and callers whose address cannot be told. */
export const ipBlocklist = definePolicy<IpFilterConfig>({
  kind: 'ip-blocklist',
  policyVersion: '1.0.0',
  title: 'Refused addresses',
  summary: 'Refuses listed addresses and lets all others through.',
  category: 'trust',
  config: ipFilterConfig,
  summarise: (config) => `All but ${ipFilterSummary(config)}`,
  prepare(config) {
    const isListed = compileIpFilter(config)
    return {
      onRequest(exchange) {
        const listed = isListed(exchange)
        if (listed === undefined) return unreadable
        return listed ? denied : undefined
      },
    }
  },
})
