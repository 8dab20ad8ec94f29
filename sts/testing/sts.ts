import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type ClientCredentials, type PreparedSts, prepareSts } from '../prepare.ts'
import { type RunningSts, startSts } from '../server.ts'
import { Browser } from './browser.ts'

// Nothing listens there: the redirect back is where the tests stop.
export const portalUrl = 'http://localhost:9'
export const callback = `${portalUrl}/api/auth/callback/oidc`

export interface TestSts extends PreparedSts {
  issuer: string
  folder: string
  /** Stops the provider and starts it again on the same port and folder. */
  restart(): Promise<void>
  stop(): Promise<void>
  close(): Promise<void>
}

const silent = { warn: () => undefined, error: () => undefined }

/** A provider of its own, on a free port and in a temporary folder. */
export async function testSts(portalUrls: string[] = [portalUrl]): Promise<TestSts> {
  const folder = await mkdtemp(path.join(tmpdir(), 'hexgate-sts-'))
  const prepared = await prepareSts(folder)
  const settings = { port: 0, address: '127.0.0.1', issuer: null, dataFolder: folder, portalUrls }
  let running: RunningSts | null = await startSts(settings, silent)
  const { issuer, port } = running
  const stop = async () => {
    await running?.close()
    running = null
  }
  return {
    ...prepared,
    issuer,
    folder,
    stop,
    async restart() {
      await stop()
      running = await startSts({ ...settings, port }, silent)
    },
    async close() {
      await stop()
      await rm(folder, { recursive: true })
    },
  }
}

/** Opens the sign-in page as the portal would; gives what the exchange needs later. */
export async function beginSignIn(sts: TestSts, browser: Browser, change: Record<string, string> = {}) {
  const verifier = randomBytes(32).toString('base64url')
  const query = new URLSearchParams({
    client_id: sts.portalClient.id,
    response_type: 'code',
    redirect_uri: callback,
    scope: 'openid profile email offline_access',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    state: 'a-state',
    nonce: 'a-nonce',
    ...change,
  })
  for (const [name, value] of Object.entries(change)) if (value === '') query.delete(name)
  const page = await browser.open(`${sts.issuer}/oauth/authorize?${query}`, {}, portalUrl)
  return { verifier, page: { url: page.url, html: await page.response.text() }, status: page.response.status }
}

export interface Tokens {
  access_token: string
  refresh_token: string
  id_token: string
  scope: string
  expires_in: number
}

/** Signs in with the right password and gives the tokens. */
export async function signInForTokens(
  sts: TestSts,
  browser = new Browser(),
  email = 'owner@demo.hexgate.test',
): Promise<Tokens> {
  const { verifier, page } = await beginSignIn(sts, browser)
  const back = page.url.startsWith(portalUrl)
    ? page
    : await browser.submit(page, { email, password: sts.password }, portalUrl)
  const code = new URL(back.url).searchParams.get('code') ?? ''
  const { body } = await post(sts, '/oauth/token', sts.portalClient, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: callback,
    code_verifier: verifier,
  })
  // The provider's own answer; the tests look at every member.
  return body as unknown as Tokens
}

/** Posts a form with client authentication. */
export async function post(
  sts: { issuer: string },
  at: string,
  client: ClientCredentials | null,
  fields: Record<string, string>,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const headers = client
    ? { authorization: `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}` }
    : {}
  const response = await fetch(sts.issuer + at, {
    method: 'POST',
    headers,
    body: new URLSearchParams(fields),
  })
  const text = await response.text()
  return { status: response.status, body: text ? JSON.parse(text) : {} }
}
