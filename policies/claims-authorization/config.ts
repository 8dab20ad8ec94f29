import { z } from 'zod'
import { checkedBy, commaList } from '../form-fields.ts'
import { parametersOf, templateFault } from '../path-template.ts'

const operators = ['equals', 'notEquals', 'in', 'contains', 'exists', 'greaterThan', 'lessThan'] as const
const name = z.string().min(1).max(200)
// What stands in a challenge must be a scope (RFC 6749 §3.3).
const scope = z
  .string()
  .max(200)
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'must be one word of visible characters')

const condition = z
  .strictObject({
    roles: commaList(z.array(name).max(50))
      .default([])
      .meta({ title: 'Roles', examples: [['dispatcher']] }),
    scopes: commaList(z.array(scope).max(50))
      .default([])
      .meta({ title: 'Scopes', examples: [['orders.read']] }),
    agency: commaList(z.array(name).max(50)).default([]).meta({
      title: 'Agencies',
      description: 'The agency claim must be one of these.',
    }),
    claim: z
      .string()
      .max(200)
      .default('')
      .meta({
        title: 'Claim',
        description: 'Its name, or a path with dots between.',
        examples: ['tenant'],
      }),
    op: z.enum(operators).default('equals').meta({ title: 'Comparison' }),
    value: z.string().max(1_000).default('').meta({
      title: 'Value',
      description: 'Several with commas between for "in"; none for "exists".',
    }),
  })
  .check(({ value: given, issues }) => {
    const wrong = (path: string, message: string) =>
      issues.push({ code: 'custom', path: [path], message, input: given })
    const asksForMore = given.roles.length + given.scopes.length + given.agency.length > 0
    if (given.claim === '' && !asksForMore) wrong('claim', 'says nothing that could be asked for')
    if (given.claim === '' && given.value !== '') wrong('claim', 'must say which claim is compared')
    if (given.claim !== '' && given.op !== 'exists' && given.value === '') wrong('value', 'must be given')
    if (given.op === 'exists' && given.value !== '') wrong('value', 'would not be used')
    const isOrder = given.op === 'greaterThan' || given.op === 'lessThan'
    if (isOrder && given.value !== '' && Number.isNaN(Number(given.value))) wrong('value', 'must be a number')
  })
export type Condition = z.infer<typeof condition>

// Documents may write a single condition without a list around it.
const conditions = z.preprocess(
  (given) => (typeof given === 'object' && given !== null && !Array.isArray(given) ? [given] : given),
  z.array(condition).max(20),
)

const rule = z.strictObject({
  path: z
    .string()
    .max(500)
    .check(checkedBy(templateFault))
    .default('/**')
    .meta({
      title: 'Path',
      description:
        'Behind the base path. {name} stands for a parameter, * for any step, a last ** for any rest.',
      examples: ['/agencies/{agency}/orders', '/orders/**'],
    }),
  methods: commaList(z.array(z.string().regex(/^[A-Z]{1,20}$/, 'must be a method in capitals')).max(20))
    .default([])
    .meta({ title: 'Methods', description: 'Empty: all of them.', examples: [['GET', 'HEAD']] }),
  allOf: conditions
    .default([])
    .meta({ title: 'All of', description: 'Everything that is named must be so.' }),
  anyOf: conditions.default([]).meta({ title: 'Any of', description: 'One thing that is named must be so.' }),
})

const pathParamMatch = z.strictObject({
  param: name.meta({ title: 'Parameter', examples: ['agency'] }),
  claim: name.meta({ title: 'Claim', examples: ['agency_id'] }),
})

export const claimsAuthorizationConfig = z
  .strictObject({
    rules: z.array(rule).max(200).default([]).meta({
      title: 'Rules',
      description: 'The first one whose path and method fit decides.',
    }),
    defaultAction: z.enum(['deny', 'allow']).default('deny').meta({
      title: 'Otherwise',
      description: 'What becomes of requests for which there is no rule. A token is needed in any case.',
    }),
    pathParamMatch: z.array(pathParamMatch).max(20).default([]).meta({
      title: 'Parameters from claims',
      description: 'Where a rule’s path has the parameter, its value must be that of the claim.',
    }),
    agencyClaim: name.default('agency').meta({ title: 'Claim with the agency', advanced: true }),
    rolesClaim: name.default('roles').meta({ title: 'Claim with the roles', advanced: true }),
  })
  .check(({ value, issues }) => {
    const known = new Set(value.rules.flatMap(({ path }) => parametersOf(path)))
    for (const [index, { param }] of value.pathParamMatch.entries()) {
      if (known.has(param)) continue
      const message = `no rule has a parameter {${param}} in its path`
      issues.push({ code: 'custom', path: ['pathParamMatch', index, 'param'], message, input: param })
    }
  })
export type ClaimsAuthorizationConfig = z.infer<typeof claimsAuthorizationConfig>
