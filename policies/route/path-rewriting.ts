import { RE2JS } from 're2js'
import type { PolicyRule } from '#domain/policy-rule.ts'
import type { Exchange, Refusal } from '../exchange.ts'
import { compileRules } from '../rules.ts'

/** The path at the upstream: undefined leaves it, null says that there is none that is safe. */
export type Rewrite = (exchange: Exchange) => string | undefined | null

export const unsafePath: Refusal = {
  status: 400,
  code: 'route.path',
  detail: 'The path would lead out of the destination.',
}

/** Part of a segment can be a dot segment although no whole one was (RFC 3986 §3.3). */
const dotSegment = /(?:^|\/)(?:\.|%2e){1,2}(?:[/;]|$)/i

function joined(base: string, rest: string): string | null {
  const path = base + (rest === '' || rest.startsWith('/') ? rest : `/${rest}`)
  return dotSegment.test(path) ? null : path === '' ? '/' : path
}

function capturing({ path = '' }: PolicyRule): RE2JS | undefined {
  const compiled = path === '' ? undefined : RE2JS.compile(path)
  return compiled !== undefined && compiled.groupCount() > 0 ? compiled : undefined
}

/**
 * Rewrites as Flex does it: of the path behind the API's base path goes on what the groups of the rule's path capture,
 * one behind the other, or all of it where there is no group; both behind `destinationPath`. The first rule that
 * matches counts.
 */
export function pathRewriting(rules: readonly PolicyRule[], destinationPath: string): Rewrite | undefined {
  const base = destinationPath.replace(/\/+$/, '')
  const compiled = rules.map((rule) => ({ applies: compileRules([rule]), pattern: capturing(rule) }))
  if (base === '' && compiled.every(({ pattern }) => pattern === undefined)) return undefined
  return (exchange) => {
    const { resourcePath } = exchange
    const pattern = compiled.find(({ applies }) => applies?.(exchange) ?? true)?.pattern
    if (pattern === undefined) return joined(base, resourcePath)
    const matcher = pattern.matcher(resourcePath)
    if (!matcher.matches()) return joined(base, resourcePath)
    const groups = Array.from({ length: pattern.groupCount() }, (_, index) => matcher.group(index + 1) ?? '')
    return joined(base, groups.join(''))
  }
}
