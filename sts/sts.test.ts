import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { prepareSts } from './prepare.ts'
import { Browser } from './testing/browser.ts'
import {
  beginSignIn,
  callback,
  portalUrl,
  post,
  signInForTokens,
  type TestSts,
  testSts,
} from './testing/sts.ts'

let sts: TestSts
beforeAll(async () => {
  sts = await testSts()
})
afterAll(() => sts.close())

test('discovery names the addresses under /oauth and code with S256 alone', async () => {
  const response = await fetch(`${sts.issuer}/.well-known/openid-configuration`)
  expect(await response.json()).toMatchObject({
    issuer: sts.issuer,
    authorization_endpoint: `${sts.issuer}/oauth/authorize`,
    token_endpoint: `${sts.issuer}/oauth/token`,
    introspection_endpoint: `${sts.issuer}/oauth/introspect`,
    revocation_endpoint: `${sts.issuer}/oauth/revoke`,
    end_session_endpoint: `${sts.issuer}/oauth/logout`,
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
  })
  expect((await fetch(`${sts.issuer}/healthz`)).status).toBe(200)
})

test('code and PKCE give an ID token that names the person and the role', async () => {
  const tokens = await signInForTokens(sts)
  const jwks = createRemoteJWKSet(new URL(`${sts.issuer}/oauth/jwks`))
  const { payload } = await jwtVerify(tokens.id_token, jwks, {
    issuer: sts.issuer,
    audience: sts.portalClient.id,
  })
  expect(payload['nonce']).toBe('a-nonce')
  const info = await fetch(`${sts.issuer}/oauth/userinfo`, {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  })
  expect(await info.json()).toEqual({
    sub: payload.sub,
    name: 'Olivia Owner',
    email: 'owner@demo.hexgate.test',
    email_verified: true,
    hexgate_role: 'owner',
  })
})

test('a sign-in without PKCE is refused', async () => {
  const { page } = await beginSignIn(sts, new Browser(), { code_challenge: '', code_challenge_method: '' })
  expect(new URL(page.url).searchParams.get('error')).toBe('invalid_request')
})

test('a foreign redirect address is refused on a page, without a redirect', async () => {
  const { page, status } = await beginSignIn(sts, new Browser(), { redirect_uri: 'http://evil.test/' })
  expect(status).toBe(400)
  expect(page.html).toContain('That did not work')
})

test('a code is good once, and only with its verifier', async () => {
  const browser = new Browser()
  const { verifier, page } = await beginSignIn(sts, browser)
  const back = await browser.submit(
    page,
    { email: 'owner@demo.hexgate.test', password: sts.password },
    portalUrl,
  )
  const code = new URL(back.url).searchParams.get('code') ?? ''
  const exchange = (code_verifier: string) =>
    post(sts, '/oauth/token', sts.portalClient, {
      grant_type: 'authorization_code',
      code,
      redirect_uri: callback,
      code_verifier,
    })
  expect(await exchange('x'.repeat(43))).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  expect((await exchange(verifier)).status).toBe(200)
  expect(await exchange(verifier)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
})

test('a wrong password and an unknown address get the same words, and no code', async () => {
  for (const email of ['operator@demo.hexgate.test', 'nobody@demo.hexgate.test']) {
    const browser = new Browser()
    const { page } = await beginSignIn(sts, browser)
    const { response } = await browser.submit(page, { email, password: 'wrong' }, portalUrl)
    expect(response.status).toBe(401)
    const html = await response.text()
    expect(html).toContain('The e-mail address or the password is wrong.')
    expect(html).toContain(`value="${email}"`)
    expect(html).not.toContain('value="wrong"')
  }
})

test('after five wrong passwords even the right one has to wait, and the page says how long', async () => {
  const browser = new Browser()
  const { page } = await beginSignIn(sts, browser)
  const email = 'reviewer@demo.hexgate.test'
  for (let count = 0; count < 5; count++) {
    expect((await browser.submit(page, { email, password: 'wrong' })).response.status).toBe(401)
  }
  const { response } = await browser.submit(page, { email, password: sts.password })
  expect(response.status).toBe(429)
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await response.text()).toMatch(/Too many wrong passwords. Try again in \d+ seconds./)
})

test('the sign-in page loads nothing from elsewhere and escapes what it echoes', async () => {
  const browser = new Browser()
  const { page } = await beginSignIn(sts, browser, { login_hint: '"><script>alert(1)</script>' })
  expect(page.html).not.toContain('<script>alert')
  expect(page.html).not.toMatch(/(?:src|href)="http/)
  const policy = (await browser.request(page.url)).headers.get('content-security-policy')
  expect(policy).toContain("default-src 'none'")
  expect(policy).toContain(`form-action 'self' ${portalUrl}`)
})

test('an unknown or finished sign-in says so', async () => {
  const response = await fetch(`${sts.issuer}/signin/unknown`)
  expect(response.status).toBe(400)
  expect(await response.text()).toContain('expired or was already used')
})

test('each refresh gives another token; an old one used again ends the whole login', async () => {
  const first = await signInForTokens(sts)
  const refresh = (refresh_token: string) =>
    post(sts, '/oauth/token', sts.portalClient, { grant_type: 'refresh_token', refresh_token })
  const second = await refresh(first.refresh_token)
  expect(second.status).toBe(200)
  expect(second.body['refresh_token']).not.toBe(first.refresh_token)
  expect(await refresh(first.refresh_token)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  expect(await refresh(String(second.body['refresh_token']))).toMatchObject({ status: 400 })
  expect(await introspect(String(second.body['access_token']))).toEqual({ active: false })
})

test('a revoked token is not active', async () => {
  const { access_token } = await signInForTokens(sts)
  expect(await introspect(access_token)).toMatchObject({ active: true, client_id: sts.portalClient.id })
  expect((await post(sts, '/oauth/revoke', sts.portalClient, { token: access_token })).status).toBe(200)
  expect(await introspect(access_token)).toEqual({ active: false })
})

test('client credentials give an opaque token that the portal can introspect', async () => {
  const { status, body } = await clientCredentials('api.read api.write')
  expect(status).toBe(200)
  expect(body['refresh_token']).toBeUndefined()
  const token = String(body['access_token'])
  expect(token.split('.')).toHaveLength(1)
  expect(await introspect(token)).toMatchObject({
    active: true,
    client_id: sts.pipelineClient.id,
    scope: 'api.read api.write',
    iss: sts.issuer,
  })
})

test('a client sees no other client’s token, and nobody introspects without a secret', async () => {
  const { access_token } = await signInForTokens(sts)
  const foreign = await post(sts, '/oauth/introspect', sts.pipelineClient, { token: access_token })
  expect(foreign.body).toEqual({ active: false })
  const wrong = { ...sts.portalClient, secret: 'x'.repeat(43) }
  expect((await post(sts, '/oauth/introspect', wrong, { token: access_token })).status).toBe(401)
  expect((await post(sts, '/oauth/introspect', null, { token: access_token })).status).toBe(400)
})

test('a scope that the client lacks, a wrong secret and a wrong grant are refused', async () => {
  expect(await clientCredentials('openid')).toMatchObject({ status: 400, body: { error: 'invalid_scope' } })
  const wrong = { ...sts.pipelineClient, secret: 'x'.repeat(43) }
  const credentials = { grant_type: 'client_credentials' }
  expect((await post(sts, '/oauth/token', wrong, credentials)).status).toBe(401)
  expect(await post(sts, '/oauth/token', sts.portalClient, credentials)).toMatchObject({
    status: 400,
    body: { error: 'invalid_request' },
  })
})

test('signing out with the ID token confirms itself, ends the tokens and returns to the portal', async () => {
  const browser = new Browser()
  const tokens = await signInForTokens(sts, browser)
  const query = new URLSearchParams({
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: `${portalUrl}/signin/signed-out`,
  })
  const { url, response } = await browser.open(`${sts.issuer}/oauth/logout?${query}`)
  const html = await response.text()
  expect(html).toContain('Signing you out')
  const back = await browser.submit({ url, html }, { logout: 'yes' }, portalUrl)
  expect(back.url).toBe(`${portalUrl}/signin/signed-out`)
  expect(await introspect(tokens.access_token)).toEqual({ active: false })
  expect((await beginSignIn(sts, browser)).page.html).toContain('type="password"')
})

test('signing out without a hint asks first', async () => {
  const browser = new Browser()
  await signInForTokens(sts, browser)
  const html = await (await browser.open(`${sts.issuer}/oauth/logout`)).response.text()
  expect(html).toContain('Sign out of Hexgate?')
  expect(html).not.toContain('<script>')
})

test('logins and tokens survive a restart', async () => {
  const browser = new Browser()
  const tokens = await signInForTokens(sts, browser)
  await sts.restart()
  expect(await introspect(tokens.access_token)).toMatchObject({ active: true })
  const { page } = await beginSignIn(sts, browser)
  expect(new URL(page.url).searchParams.get('code')).toBeTruthy()
})

test('the data folder is readable by its owner alone, and preparing it again changes nothing', async () => {
  for (const name of await readdir(sts.folder)) {
    expect((await stat(path.join(sts.folder, name))).mode & 0o077, name).toBe(0)
  }
  const again = await prepareSts(sts.folder)
  expect(again.password).toBe(sts.password)
  expect(again.portalClient).toEqual(sts.portalClient)
})

function clientCredentials(scope: string) {
  return post(sts, '/oauth/token', sts.pipelineClient, { grant_type: 'client_credentials', scope })
}

async function introspect(token: string) {
  return (await post(sts, '/oauth/introspect', sts.portalClient, { token })).body
}
