import { RE2JS } from 're2js'
import type { PolicyRule } from '#domain/policy-rule.ts'
import type { Fault } from '#domain/problem.ts'
import { pointerOf } from '#domain/json-pointer.ts'
import type { Exchange } from './exchange.ts'

/** Says whether a request is one of those that a policy is for. */
export type Applies = (exchange: Exchange) => boolean

type Test = (exchange: Exchange) => boolean

function matcher(pattern: string): (text: string) => boolean {
  const compiled = RE2JS.compile(pattern)
  return (text) => compiled.matches(text)
}

function testsOf({ path, methods, host, headers = {} }: PolicyRule): Test[] {
  const tests: Test[] = []
  if (methods !== undefined) {
    const matches = matcher(methods)
    tests.push((exchange) => matches(exchange.method))
  }
  if (path !== undefined) {
    const matches = matcher(path)
    tests.push((exchange) => matches(exchange.resourcePath))
  }
  if (host !== undefined) {
    const matches = matcher(host)
    tests.push((exchange) => matches(exchange.host))
  }
  for (const [name, pattern] of Object.entries(headers)) {
    const matches = matcher(pattern)
    tests.push((exchange) => exchange.headerValues(name).some(matches))
  }
  return tests
}

/** Compiles rules; undefined where there are none, which is every request. The patterns must be free of faults. */
export function compileRules(rules: readonly PolicyRule[]): Applies | undefined {
  if (rules.length === 0) return undefined
  const compiled = rules.map(testsOf)
  return (exchange) => compiled.some((tests) => tests.every((test) => test(exchange)))
}

/** What is wrong with the patterns of rules, with pointers into the list. */
export function ruleFaults(rules: readonly PolicyRule[]): Fault[] {
  return rules.flatMap(({ headers = {}, ...parts }, index) =>
    [
      ...Object.entries(parts).map(([name, pattern]) => [[name], pattern] as const),
      ...Object.entries(headers).map(([name, pattern]) => [['headers', name], pattern] as const),
    ].flatMap(([path, pattern]) => {
      const detail = pattern === undefined ? undefined : patternFault(pattern)
      return detail === undefined ? [] : [{ pointer: pointerOf([index, ...path]), detail }]
    }),
  )
}

function patternFault(pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern)
    return undefined
  } catch (error) {
    return `is not a regular expression that RE2 takes: ${error instanceof Error ? error.message : String(error)}`
  }
}
