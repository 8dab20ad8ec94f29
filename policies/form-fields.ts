import { z } from 'zod'
import { addressKind } from '#domain/address.ts'
import { expressionFault } from './expression.ts'

/** Fields that several policies have, with the same rules in each. */

/** Why the gateway would never ask at a URL, or undefined. Loopback is judged by each node for itself. */
export function controlUrlFault(text: string): string | undefined {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    return 'must be a URL with https:// or http://'
  if (url.username !== '' || url.password !== '') return 'must not carry a user name or password'
  const kind = addressKind(url.hostname)
  if (kind === 'metadata' || kind === 'link-local' || kind === 'unspecified' || kind === 'multicast')
    return `${url.hostname} must not be reached by a gateway`
  return undefined
}

/** Makes a function that finds faults into a check of a field. */
export function checkedBy<T>(faultOf: (value: T) => string | undefined) {
  return (context: z.core.ParsePayload<T>): void => {
    const message = faultOf(context.value)
    if (message !== undefined)
      context.issues.push({ code: 'custom', path: [], message, input: context.value })
  }
}

export const controlUrl = z.string().max(2_000).check(checkedBy(controlUrlFault))

/** An expression, or empty for none. */
export const optionalExpression = z
  .string()
  .max(300)
  .check(checkedBy((text: string) => (text === '' ? undefined : expressionFault(text))))

/** A list that documents may also write as one text with commas between. */
export function commaList<T extends z.ZodType<string[]>>(list: T) {
  return z.preprocess(
    (value) =>
      typeof value === 'string'
        ? value
            .split(',')
            .map((part) => part.trim())
            .filter((part) => part !== '')
        : value,
    list,
  )
}
