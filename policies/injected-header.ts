import { z } from 'zod'
import { checkedBy } from './form-fields.ts'
import { isToken, reservedHeader } from './header-fields.ts'

/** The name of a header that credentials for the upstream go into. */
export const injectedHeader = z
  .string()
  .min(1)
  .max(200)
  .check(checkedBy((name: string) => (isToken(name) ? reservedHeader(name) : 'is not a header name')))
