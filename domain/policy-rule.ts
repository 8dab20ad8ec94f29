import { z } from 'zod'

/**
 * Which requests a policy is for, as Flex writes it. All parts of a rule must match; each is a regular expression
 * (RE2 syntax) over the whole text. The path is the one behind the API's base path.
 */
const pattern = (title: string, example: string) =>
  z
    .string()
    .min(1)
    .max(500)
    .optional()
    .meta({ title, examples: [example] })

export const policyRule = z.strictObject({
  path: pattern('Path', '/orders/[0-9]+'),
  methods: pattern('Methods', 'GET|HEAD'),
  host: pattern('Host', 'api\\.example\\.com'),
  /** By lower-case name. */
  headers: z
    .record(z.string().regex(/^[a-z0-9!#$%&'*+\-.^_`|~]{1,100}$/), z.string().min(1).max(500))
    .optional()
    .meta({ title: 'Headers' }),
})

/** A request is a policy's when one of the rules matches; without rules every request is. */
export const policyRules = z.array(policyRule).max(20)

export type PolicyRule = z.infer<typeof policyRule>
