import { z } from 'zod'
import type { Exchange } from './exchange.ts'
import { compileValues, expressionForms } from './expression.ts'
import { checkedBy, commaList, optionalExpression } from './form-fields.ts'
import { blockFault, compileIpSet } from './ip-set.ts'
import { Remembered } from './remembered.ts'

/** What a list of allowed and a list of refused addresses have in common. */

const blocks = z.array(z.string().min(1).max(60).check(checkedBy(blockFault))).max(10_000)

// The gateway reads X-Forwarded-For itself, by the number of proxies that the node trusts: whoever asks for it
// means the address that comes of it.
const remote =
  /^#\[\s*attributes\.(?:remoteAddress|headers\[(?:'x-forwarded-for'|"x-forwarded-for")\])\s*\]$/i

function isRemote(expression: string): boolean {
  return expression === '' || remote.test(expression)
}

export const ipFilterConfig = z
  .strictObject({
    ips: commaList(blocks.min(1)).meta({
      title: 'Addresses',
      description: 'Single ones and blocks, IPv4 and IPv6.',
      examples: [['192.0.2.1', '10.0.0.0/8', '2001:db8::/32']],
    }),
    ipExpression: optionalExpression.default('').meta({
      title: 'Address is in',
      description:
        'Empty, or X-Forwarded-For: the address of the client behind the proxies that the node trusts. Else what a proxy says of it.',
      examples: ["#[attributes.headers['x-real-ip']]", expressionForms[2]],
    }),
    trustedProxies: commaList(blocks).default([]).meta({
      title: 'Trusted proxies',
      description: 'Only from these is the expression believed, since anybody can send a header.',
    }),
  })
  .check(({ value, issues }) => {
    const { ipExpression, trustedProxies } = value
    const wrong = (message: string) =>
      issues.push({ code: 'custom', path: ['trustedProxies'], message, input: trustedProxies })
    if (isRemote(ipExpression) && trustedProxies.length > 0)
      wrong('would not be used: the node says which proxies it trusts')
    if (!isRemote(ipExpression) && trustedProxies.length === 0)
      wrong('must name those that may say an address, since anybody can send a header')
  })
export type IpFilterConfig = z.infer<typeof ipFilterConfig>

/** The address that a request is judged by; undefined where it cannot be told. */
function addressFinder({
  ipExpression,
  trustedProxies,
}: IpFilterConfig): (exchange: Exchange) => string | undefined {
  if (isRemote(ipExpression)) return (exchange) => exchange.remoteAddress
  const values = compileValues(ipExpression)
  const isTrusted = compileIpSet(trustedProxies)
  return (exchange) => {
    let address = exchange.remoteAddress
    const said = values(exchange).flatMap((line) => line.split(','))
    // From the right, where the nearest proxy wrote: whatever stands to the left of a stranger is the stranger's word.
    while (said.length > 0 && isTrusted(address) === true) address = said.pop()?.trim() ?? ''
    return address
  }
}

const rememberedMax = 20_000

/** Says whether a request comes from one of the addresses; undefined where that cannot be told. */
export function compileIpFilter(config: IpFilterConfig): (exchange: Exchange) => boolean | undefined {
  const addressOf = addressFinder(config)
  const isListed = compileIpSet(config.ips)
  const remembered = new Remembered<boolean>(rememberedMax)
  return (exchange) => {
    const address = addressOf(exchange)
    if (address === undefined) return undefined
    const known = remembered.get(address)
    if (known !== undefined) return known
    const listed = isListed(address)
    if (listed !== undefined) remembered.set(address, listed)
    return listed
  }
}

/** One line for lists and chains. */
export function ipFilterSummary({ ips }: IpFilterConfig): string {
  return ips.length > 3 ? `${ips.length} addresses and blocks` : ips.join(', ')
}
