import { expect, it } from 'vitest'
import { policyOf } from './index.ts'
import { mask, maskedConfig, withoutSecrets, withStoredSecrets } from './secrets.ts'

const planted = 'planted-secret-of-thirty-two-letters'
const hash = `$pbkdf2-sha256$600000$${'planted'.padEnd(22, 'A')}$${'planted'.padEnd(43, 'A')}`

it.each([
  ['jwt-validation', { jwtKeyOrigin: 'text', textKey: planted, signingMethod: 'hmac' }],
  [
    'oauth2-token-introspection',
    { introspectionURL: 'https://a.example/', authorizationValue: `Basic ${planted}` },
  ],
  [
    'http-basic-authentication',
    { username: 'jane', password: planted, users: [{ username: 'joe', password: hash }] },
  ],
  ['credential-injection-basic-auth', { username: 'jane', password: planted }],
  ['credential-injection-api-key', { key: planted }],
  [
    'credential-injection-oauth2',
    { oauthService: 'https://a.example/', clientId: 'a', clientSecret: planted },
  ],
])('what is secret in %s is never shown, said in its summary or lost behind its mask', (kind, given) => {
  const policy = policyOf(kind)
  const config = policy?.config.parse(given)
  for (const shown of [withoutSecrets(kind, config), maskedConfig(kind, config), policy?.summarise(config)])
    expect(JSON.stringify(shown)).not.toContain('planted')
  const masked = withoutSecrets(kind, config)
  expect(JSON.stringify(masked)).toContain(mask)
  expect(withStoredSecrets(kind, masked, config)).toEqual({ config, missing: [] })
})
