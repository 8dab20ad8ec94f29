import { claimAt, claimTexts } from '../claims.ts'
import type { Claims, Exchange, Refusal } from '../exchange.ts'
import { compileFormula, isFormula, textOf } from '../formula.ts'
import { invalidToken } from '../bearer.ts'
import type { JwtValidationConfig } from './config.ts'

/** Says what is wrong with the claims of a token whose signature was verified. */
export type ClaimCheck = (claims: Claims, exchange: Exchange) => Refusal | undefined

const refusal = (check: string, detail: string) => invalidToken('jwt-validation', check, detail)

const expired = refusal('expired', 'The token has expired.')
const notYetValid = refusal('not_yet_valid', 'The token is not valid yet.')
const wrongIssuer = refusal('issuer', 'The token is from an issuer that is not accepted here.')
const wrongAudience = refusal('audience', 'The token is not meant for this API.')

function missing(name: string): Refusal {
  return refusal('claim', `The token has no claim ${name}.`)
}

/** All checks of a configuration, in the order in which a person would look. */
export function claimCheck(config: JwtValidationConfig, nowMs: () => number): ClaimCheck {
  const checks = [
    lifetimeCheck(config, nowMs),
    ...(config.issuers.length > 0 ? [issuerCheck(config)] : []),
    ...(config.validateAudClaim ? [audienceCheck(config)] : []),
    ...config.mandatoryCustomClaims.map((claim) => customCheck(claim, true)),
    ...config.nonMandatoryCustomClaims.map((claim) => customCheck(claim, false)),
  ]
  return (claims, exchange) => {
    for (const check of checks) {
      const wrong = check(claims, exchange)
      if (wrong !== undefined) return wrong
    }
    return undefined
  }
}

function lifetimeCheck(config: JwtValidationConfig, nowMs: () => number): ClaimCheck {
  const { leeway, mandatoryExpClaim, mandatoryNbfClaim } = config
  const noExp = missing('exp')
  const noNbf = missing('nbf')
  const notNumbers = refusal('claim', 'A time in the token is not a number.')
  return ({ exp, nbf, iat }) => {
    if (!isTime(exp) || !isTime(nbf) || !isTime(iat)) return notNumbers
    if (exp === undefined && mandatoryExpClaim) return noExp
    if (nbf === undefined && mandatoryNbfClaim) return noNbf
    const now = nowMs() / 1_000
    if (exp !== undefined && now >= exp + leeway) return expired
    return nbf !== undefined && now < nbf - leeway ? notYetValid : undefined
  }
}

function isTime(value: unknown): value is number | undefined {
  return value === undefined || typeof value === 'number'
}

function issuerCheck({ issuers }: JwtValidationConfig): ClaimCheck {
  const accepted = new Set<unknown>(issuers)
  return ({ iss }) => (accepted.has(iss) ? undefined : wrongIssuer)
}

function audienceCheck({ supportedAudiences, mandatoryAudClaim }: JwtValidationConfig): ClaimCheck {
  const accepted = new Set<unknown>(supportedAudiences)
  const noAud = missing('aud')
  return ({ aud }) => {
    if (aud === undefined) return mandatoryAudClaim ? noAud : undefined
    const isMeant = Array.isArray(aud) ? aud.some((one) => accepted.has(one)) : accepted.has(aud)
    return isMeant ? undefined : wrongAudience
  }
}

function customCheck(
  { key, value }: JwtValidationConfig['mandatoryCustomClaims'][number],
  isMandatory: boolean,
): ClaimCheck {
  const none = missing(key)
  const other = refusal('claim', `The claim ${key} of the token is not as it must be.`)
  const wanted = isFormula(value) ? compileFormula(value) : () => value
  return (claims, exchange) => {
    const found = claimAt(claims, key)
    if (found === undefined) return isMandatory ? none : undefined
    const verdict = wanted(exchange)
    // A formula may judge by itself, or say what the claim must be.
    if (typeof verdict === 'boolean') return verdict ? undefined : other
    return verdict !== undefined && claimTexts(found).includes(textOf(verdict)) ? undefined : other
  }
}
