import { compactVerify } from 'jose'
import { invalidToken, missingToken, tokenIn } from '../bearer.ts'
import { bindingCheck } from '../certificate-binding.ts'
import { claimAt, claimHeader, claimText, frozen } from '../claims.ts'
import { definePolicy, type Ports } from '../definition.ts'
import type { Claims, Client, Exchange, Refusal } from '../exchange.ts'
import { compileExpression, compileValues } from '../expression.ts'
import { Remembered } from '../remembered.ts'
import { claimCheck } from './claim-checks.ts'
import { allowedOf, type JwtValidationConfig, jwtValidationConfig, textKeyOf } from './config.ts'
import type { Algorithm, VerificationKey } from './key.ts'
import { KeySet } from './key-set.ts'
import { fixedSource, joinedSource, type KeySource } from './key-source.ts'
import { readToken, type Token } from './token.ts'

const kind = 'jwt-validation'
const rememberedMax = 20_000
const rememberedCharactersMax = 16_000_000
/** Keys that a token without a key id is tried with. */
const candidatesMax = 8

const missing = missingToken(kind)
const several = invalidToken(kind, 'malformed', 'The request carries more than one token.')
const wrongAlgorithm = invalidToken(kind, 'algorithm', 'The algorithm of the token is not accepted here.')
const wrongSignature = invalidToken(kind, 'signature', 'The signature of the token is wrong.')
const unknownKey = invalidToken(kind, 'unknown_key', 'The token names a key that is not known here.')
const noKeys = invalidToken(kind, 'keys_unavailable', 'The keys of the issuer cannot be had at the moment.')
const unknownClient = invalidToken(kind, 'client', 'The client of the token has no contract with this API.')

/** Where the token of a request is. */
interface Place {
  values(exchange: Exchange): readonly string[]
  /** The token in a value: undefined where there is none, and '' for what cannot be one. */
  tokenIn(value: string): string | undefined
}

function placeOf({ jwtOrigin, jwtExpression }: JwtValidationConfig): Place {
  if (jwtOrigin === 'httpBearerAuthenticationHeader')
    return { values: (exchange) => exchange.headerValues('authorization'), tokenIn }
  return {
    values: compileValues(jwtExpression),
    tokenIn: (value) => (value === '' ? undefined : value.replace(/^bearer +/i, '')),
  }
}

function sourceOf(config: JwtValidationConfig, ports: Ports): KeySource {
  if (config.jwtKeyOrigin === 'text') {
    const key = textKeyOf(config)
    if (typeof key === 'string') throw new Error(key)
    return fixedSource(key)
  }
  const minuteMs = 60_000
  return joinedSource(
    config.jwksUrl.map((url) => {
      const options = {
        url,
        timeToLiveMs: config.jwksServiceTimeToLive * minuteMs,
        staleLimitMs: config.jwksServiceStaleLimit * minuteMs,
        timeoutMs: config.jwksServiceConnectionTimeout,
      }
      return ports.state(`keys ${JSON.stringify(options)}`, () => new KeySet(options, ports), 'kind')
    }),
  )
}

/** A token whose signature was verified, and the keys at that time. */
interface Verified {
  readonly claims: Claims
  readonly generation: number | undefined
}

/** Verifies signatures, and knows those again that it verified with the keys of now. */
class Signatures {
  readonly #source: KeySource
  readonly #allowed: ReadonlySet<string>
  readonly #remembered = new Remembered<Verified>(rememberedMax, rememberedCharactersMax)

  constructor(source: KeySource, allowed: readonly Algorithm[]) {
    this.#source = source
    this.#allowed = new Set(allowed)
  }

  /**
   * The claims of a token that was verified before, by the value that it came in: to look that up is all that most
   * requests cost.
   */
  known(text: string): Claims | undefined {
    const generation = this.#source.generation()
    const verified = this.#remembered.get(text)
    if (verified === undefined) return undefined
    if (generation !== undefined && verified.generation === generation) return verified.claims
    this.#remembered.delete(text)
    return undefined
  }

  forget(text: string): void {
    this.#remembered.delete(text)
  }

  /** Verifies a token, and remembers it under a text. */
  async verify(text: string, as = text): Promise<{ claims: Claims } | { refusal: Refusal }> {
    const token = readToken(text)
    if ('check' in token) return { refusal: invalidToken(kind, token.check, token.detail) }
    if (!this.#allowed.has(token.algorithm)) return { refusal: wrongAlgorithm }
    const refusal = await this.#attempt(token, as)
    return refusal === undefined ? { claims: token.claims } : { refusal }
  }

  async #attempt(token: Token, as: string): Promise<Refusal | undefined> {
    // What is allowed is an Algorithm, and this one is.
    const algorithm = token.algorithm as Algorithm
    const keys = await this.#source.find(token.keyId, algorithm)
    if (keys === undefined) return noKeys
    if (await this.#isVerified(token, algorithm, keys, as)) return undefined
    if (token.keyId !== undefined) return keys.length === 0 ? unknownKey : wrongSignature
    const newer = (await this.#source.renew()) ? await this.#source.find(undefined, algorithm) : undefined
    return newer !== undefined && (await this.#isVerified(token, algorithm, newer, as))
      ? undefined
      : wrongSignature
  }

  async #isVerified(
    token: Token,
    algorithm: Algorithm,
    keys: readonly VerificationKey[],
    as: string,
  ): Promise<boolean> {
    // Taken before the verification: keys that change meanwhile are not those that vouched.
    const generation = this.#source.generation()
    if (!(await isSignedByOne(token, algorithm, keys))) return false
    this.#remembered.set(as, { claims: frozen(token.claims), generation })
    return true
  }
}

async function isSignedByOne(
  token: Token,
  algorithm: Algorithm,
  keys: readonly VerificationKey[],
): Promise<boolean> {
  for (const key of keys.slice(0, candidatesMax)) {
    try {
      await compactVerify(token.text, await key.importFor(algorithm), { algorithms: [algorithm] })
      return true
    } catch {
      // Not by this key, or the key is broken: either way nobody has vouched for the token.
    }
  }
  return false
}

type HeaderWriter = (exchange: Exchange, claims: Claims | undefined) => void

/** Writes claims into headers; without claims it only removes what the caller sent. */
function headerWriter({ claimsToHeaders }: JwtValidationConfig): HeaderWriter {
  const pairs = claimsToHeaders.map(({ claim, header }) => ({ claim, header: header.toLowerCase() }))
  return (exchange, claims) => {
    for (const { claim, header } of pairs) {
      const text = claimHeader(claimAt(claims, claim))
      if (text === undefined) exchange.removeHeader(header)
      else exchange.setHeader(header, text)
    }
  }
}

function clientIdOf({ clientIdExpression }: JwtValidationConfig): (exchange: Exchange) => string | undefined {
  if (clientIdExpression !== '') return compileExpression(clientIdExpression)
  return ({ claims }) => claimText(claims?.['client_id']) ?? claimText(claims?.['azp'])
}

function clientCheck(config: JwtValidationConfig, ports: Ports): (exchange: Exchange) => Refusal | undefined {
  const idOf = clientIdOf(config)
  const { skipClientIdValidation } = config
  return (exchange) => {
    const id = idOf(exchange)
    const client: Client | undefined = id === undefined ? undefined : ports.clientById(id)
    if (client !== undefined) exchange.client = client
    else if (!skipClientIdValidation) return unknownClient
    return undefined
  }
}

/** Looks at claims as if they were those of the exchange, which stays as it is. */
function withClaims<T>(exchange: Exchange, claims: Claims, look: () => T): T {
  const { claims: before, client } = exchange
  exchange.claims = claims
  try {
    return look()
  } finally {
    exchange.claims = before
    exchange.client = client
  }
}

/** Lets through whoever presents a token that the issuer signed for this API and that is valid now. */
export const jwtValidation = definePolicy<JwtValidationConfig>({
  kind,
  policyVersion: '1.0.0',
  title: 'JWT validation',
  summary:
    'Verifies signature, issuer, audience and lifetime of tokens, without asking the issuer each time.',
  category: 'identity',
  config: jwtValidationConfig,
  summarise: (config) => {
    const from = config.jwtKeyOrigin === 'text' ? 'a key given here' : config.jwksUrl.join(', ')
    return `Tokens signed with ${allowedOf(config).join(', ')}, verified with ${from}`
  },
  prepare(config, ports) {
    const place = placeOf(config)
    const signatures = new Signatures(sourceOf(config, ports), allowedOf(config))
    const check = claimCheck(config, ports.nowMs)
    const writeHeaders = headerWriter(config)
    const checkClient = clientCheck(config, ports)
    const checkBinding = bindingCheck(kind, config.tlsClientCertificateBoundAccessTokens === true)

    const renewFor = (exchange: Exchange) => async (text: string) => {
      const answer = await signatures.verify(text)
      if ('refusal' in answer) return undefined
      const { claims } = answer
      if (checkBinding(claims, exchange.tls) !== undefined) return undefined
      const refusal = withClaims(exchange, claims, () => check(claims, exchange) ?? checkClient(exchange))
      return refusal === undefined ? claims : undefined
    }
    const admit = (exchange: Exchange, value: string, claims: Claims): Refusal | undefined => {
      // The token itself is good: whoever shows it without its certificate must not make it cost a verification again.
      const unbound = checkBinding(claims, exchange.tls)
      if (unbound !== undefined) return unbound
      exchange.claims = claims
      const refusal = check(claims, exchange) ?? checkClient(exchange)
      if (refusal !== undefined) {
        exchange.claims = undefined
        signatures.forget(value)
        return refusal
      }
      writeHeaders(exchange, claims)
      if (exchange.upgrades) exchange.renewIdentity = renewFor(exchange)
      return undefined
    }
    const admitNew = async (exchange: Exchange, value: string, text: string) => {
      const answer = await signatures.verify(text, value)
      return 'refusal' in answer ? answer.refusal : admit(exchange, value, answer.claims)
    }
    return {
      onRequest(exchange) {
        writeHeaders(exchange, undefined)
        const values = place.values(exchange)
        if (values.length > 1) return several
        const [value] = values
        if (value === undefined) return missing
        const claims = signatures.known(value)
        if (claims !== undefined) return admit(exchange, value, claims)
        const text = place.tokenIn(value)
        return text === undefined ? missing : admitNew(exchange, value, text)
      },
    }
  },
})
