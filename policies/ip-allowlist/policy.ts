import { definePolicy } from '../definition.ts'
import type { Refusal } from '../exchange.ts'
import { compileIpFilter, type IpFilterConfig, ipFilterConfig, ipFilterSummary } from '../ip-filter.ts'

const denied: Refusal = {
  status: 403,
  code: 'ip-allowlist.denied',
  detail: 'The address of the caller is not one of those that are allowed.',
}

/** Lets only listed addresses through. */
export const ipAllowlist = definePolicy<IpFilterConfig>({
  kind: 'ip-allowlist',
  policyVersion: '1.0.0',
  title: 'Allowed addresses',
  summary: 'Lets only listed addresses through.',
  category: 'trust',
  config: ipFilterConfig,
  summarise: (config) => `Only ${ipFilterSummary(config)}`,
  prepare(config) {
    const isListed = compileIpFilter(config)
    return { onRequest: (exchange) => (isListed(exchange) === true ? undefined : denied) }
  },
})
