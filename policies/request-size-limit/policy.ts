import { z } from 'zod'
import { definePolicy } from '../definition.ts'
import type { Exchange, Refusal } from '../exchange.ts'

const off = 0
const bytes = z.int().min(off).max(1_073_741_824)

const config = z.strictObject({
  maxBodyBytes: bytes.default(1_048_576).meta({
    title: 'Body',
    description: 'Longest body in bytes; 0 for no limit of its own.',
    examples: [1_048_576],
  }),
  maxHeaderBytes: bytes.default(off).meta({
    title: 'Headers',
    description: 'Names and values of all headers together, in bytes; 0 for no limit of its own.',
    examples: [16_384],
  }),
  maxUriLength: bytes.default(off).meta({
    title: 'Address',
    description: 'Path and query together, in characters; 0 for no limit of its own.',
    examples: [2_048],
  }),
})
type Config = z.infer<typeof config>

const bodyTooLarge: Refusal = {
  status: 413,
  code: 'request-size-limit.body',
  detail: 'The body is longer than this API takes.',
}
const headersTooLarge: Refusal = {
  status: 431,
  code: 'request-size-limit.headers',
  detail: 'The headers are longer than this API takes.',
}
const uriTooLong: Refusal = {
  status: 414,
  code: 'request-size-limit.uri',
  detail: 'The address is longer than this API takes.',
}

// A line of a head has four bytes beside name and value.
const lineBytes = 4

function headerBytes(exchange: Exchange): number {
  let sum = 0
  for (const name of exchange.headerNames())
    for (const value of exchange.headerValues(name)) sum += name.length + value.length + lineBytes
  return sum
}

/** Refuses requests that are larger than the API wants to deal with. */
export const requestSizeLimit = definePolicy<Config>({
  kind: 'request-size-limit',
  policyVersion: '1.0.0',
  title: 'Request size limit',
  summary: 'Refuses bodies, headers and addresses that are too long.',
  category: 'traffic',
  config,
  summarise({ maxBodyBytes, maxHeaderBytes, maxUriLength }) {
    const parts = [
      ...(maxBodyBytes === off ? [] : [`body ${maxBodyBytes} bytes`]),
      ...(maxHeaderBytes === off ? [] : [`headers ${maxHeaderBytes} bytes`]),
      ...(maxUriLength === off ? [] : [`address ${maxUriLength} characters`]),
    ]
    return parts.length === 0 ? 'No limit' : `At most ${parts.join(', ')}`
  },
  prepare({ maxBodyBytes, maxHeaderBytes, maxUriLength }) {
    return {
      onRequest(exchange) {
        if (maxUriLength !== off && exchange.path.length + exchange.query.length > maxUriLength)
          return uriTooLong
        if (maxHeaderBytes !== off && headerBytes(exchange) > maxHeaderBytes) return headersTooLarge
        if (maxBodyBytes === off) return undefined
        if (Number(exchange.header('content-length') ?? 0) > maxBodyBytes) return bodyTooLarge
        // A body in chunks is as long as it turns out to be.
        exchange.limitBody(maxBodyBytes)
        return undefined
      },
    }
  },
})
