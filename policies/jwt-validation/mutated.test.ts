import { expect, it } from 'vitest'
import { ExchangeInMemory, portsInMemory } from '../exchange-in-memory.ts'
import { jwtValidation } from './policy.ts'
import { testIssuer } from './tokens-in-tests.ts'

// The same inputs each time: a failure can be run again.
function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const odd = ['=', '.', ' ', '+', '/', '%', '\t', 'ü', '\0', 'A', '_', '-', '{', '"', ',', '..', '====']

it('lets no mutated token through, and fails at none', async () => {
  const issuer = await testIssuer('ES256', 'k')
  const config = jwtValidation.config.parse({
    jwtKeyOrigin: 'text',
    textKey: issuer.pem,
    signingMethod: 'es',
    skipClientIdValidation: true,
  })
  const policy = jwtValidation.prepare(config, portsInMemory())
  const ask = async (token: string) => {
    const exchange = new ExchangeInMemory({ headers: { authorization: `Bearer ${token}` } })
    return policy.onRequest?.(exchange)
  }
  const good = await issuer.sign({ alg: 'ES256', kid: 'k', typ: 'JWT' }, { sub: 'jane', exp: 1_000_000 })
  expect(await ask(good)).toBeUndefined()
  const below = randomNumbers(7)
  const mutations: ((token: string, at: number) => string)[] = [
    (token, at) => token.slice(0, at) + (odd[below(odd.length)] ?? '') + token.slice(at + 1),
    (token, at) => token.slice(0, at) + (odd[below(odd.length)] ?? '') + token.slice(at),
    (token, at) => token.slice(0, at) + token.slice(at + 1 + below(5)),
    (token, at) => token.slice(0, at) + String.fromCharCode(33 + below(94)) + token.slice(at + 1),
    (token, at) => token.slice(at) + token.slice(0, at),
    (token, at) => token.slice(0, at) + token.slice(below(token.length)),
  ]
  for (let i = 0; i < 20_000; i++) {
    let token = good
    for (let times = 1 + below(3); times > 0; times--)
      token = mutations[below(mutations.length)]?.(token, below(token.length)) ?? token
    if (token === good) continue
    const refusal = await ask(token)
    if (refusal?.status !== 401) throw new Error(`answered ${refusal?.status} to ${JSON.stringify(token)}`)
  }
})
