import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { errors, type Provider } from 'oidc-provider'
import { type Account, readAccounts, signIn } from './accounts.ts'
import { Attempts } from './attempts.ts'
import { loadKeys } from './keys.ts'
import { contentSecurityPolicy, errorPage, fontPath, loginPage } from './pages.ts'
import { loadClients } from './prepare.ts'
import { createProvider } from './provider.ts'
import type { Settings } from './settings.ts'
import { Store } from './store.ts'

const fontFile = path.join(
  import.meta.dirname,
  '../node_modules/geist/dist/fonts/geist-sans/Geist-Variable.woff2',
)

export interface RunningSts {
  readonly issuer: string
  readonly port: number
  close(): Promise<void>
}

/** What the process wants to know of failures that no client should see. */
export interface StsLog {
  warn(detail: Record<string, unknown>, message: string): void
  error(detail: Record<string, unknown>, message: string): void
}

/** Starts the provider on its port. It answers once everything is loaded. */
export async function startSts(settings: Settings, log: StsLog): Promise<RunningSts> {
  const keys = await loadKeys(settings.dataFolder)
  const clients = await loadClients(settings.dataFolder)
  const accounts = await readAccounts(settings.dataFolder)
  const store = await Store.open(settings.dataFolder, (asideFile) =>
    log.warn({ asideFile }, 'the state could not be read and was put aside; everybody signs in again'),
  )
  const server = createServer()
  const port = await listen(server, settings)
  const issuer = settings.issuer ?? `http://localhost:${port}`
  const { portalUrls } = settings
  const provider = createProvider({ issuer, portalUrls, keys, clients, accounts, store })
  provider.on('server_error', (_ctx, error) => log.error({ err: error }, 'a request failed'))
  const font = await readFile(fontFile)
  // By address too, so that trying one password on many accounts is slow; many people may share an address.
  const attempts = { account: new Attempts(5), address: new Attempts(50) }
  server.on('request', requestListener({ provider, accounts, portalUrls, log, attempts, font }))
  return {
    issuer,
    port,
    async close() {
      await new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      })
      await store.close()
    },
  }
}

function listen(server: Server, { port, address }: Settings): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(isTaken(error) ? new Error(`Port ${port} is taken.`) : error))
    server.listen(port, address, () => {
      // A TCP server that listens has an address object.
      resolve((server.address() as AddressInfo).port)
    })
  })
}

function isTaken(error: Error): boolean {
  return 'code' in error && error.code === 'EADDRINUSE'
}

interface Parts {
  provider: Provider
  accounts: readonly Account[]
  portalUrls: readonly string[]
  attempts: { account: Attempts; address: Attempts }
  log: StsLog
  font: Buffer
}

function requestListener(parts: Parts) {
  const protocol = parts.provider.callback()
  const policy = contentSecurityPolicy(parts.portalUrls)
  return (request: IncomingMessage, response: ServerResponse) => {
    response.setHeader('content-security-policy', policy)
    response.setHeader('x-content-type-options', 'nosniff')
    response.setHeader('referrer-policy', 'no-referrer')
    const at = (request.url ?? '/').split('?', 1)[0] ?? '/'
    if (at === '/healthz') return health(response)
    if (at === fontPath) return typeface(response, parts.font)
    if (at === '/') return redirect(response, `${parts.portalUrls[0]}/signin`)
    if (!at.startsWith('/signin/')) return void protocol(request, response)
    interact(parts, request, response).catch((error) => fail(parts, error, response))
  }
}

function health(response: ServerResponse): void {
  response.setHeader('content-type', 'application/json')
  response.setHeader('cache-control', 'no-store')
  response.end('{"status":"ok"}\n')
}

function typeface(response: ServerResponse, font: Buffer): void {
  response.setHeader('content-type', 'font/woff2')
  response.setHeader('cache-control', 'public, max-age=86400')
  response.end(font)
}

async function interact(parts: Parts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { provider } = parts
  const details = await provider.interactionDetails(request, response)
  const action = `/signin/${details.uid}`
  const hint = details.params['login_hint']
  if (request.method !== 'POST') {
    return html(
      response,
      200,
      loginPage({ action, email: typeof hint === 'string' ? hint : '', error: null }),
    )
  }
  const form = await readForm(request)
  const email = form.get('email') ?? ''
  const outcome = await attempt(parts, email, form.get('password') ?? '', addressOf(parts, request))
  if ('error' in outcome) {
    if (outcome.waitSeconds) response.setHeader('retry-after', outcome.waitSeconds)
    return html(response, outcome.status, loginPage({ action, email, error: outcome.error }))
  }
  await provider.interactionFinished(request, response, {
    login: { accountId: outcome.account.id, amr: ['pwd'], remember: false },
  })
}

type Outcome = { account: Account } | { error: string; status: 401 | 429; waitSeconds?: number }

async function attempt(
  { attempts, accounts }: Parts,
  email: string,
  password: string,
  address: string,
): Promise<Outcome> {
  const key = `${email.trim().toLowerCase()} ${address}`
  const now = Date.now()
  const waitMs = attempts.account.begin(key, now) || attempts.address.begin(address, now)
  if (waitMs > 0) {
    const waitSeconds = Math.ceil(waitMs / 1000)
    const error = `Too many wrong passwords. Try again in ${spoken(waitSeconds)}.`
    return { error, status: 429, waitSeconds }
  }
  const account = await signIn(accounts, email, password)
  if (!account) return { error: 'The e-mail address or the password is wrong.', status: 401 }
  attempts.account.succeeded(key)
  attempts.address.takeBack(address)
  return { account }
}

function spoken(seconds: number): string {
  if (seconds < 90) return `${seconds} seconds`
  return `${Math.ceil(seconds / 60)} minutes`
}

function addressOf({ provider }: Parts, request: IncomingMessage): string {
  const forwarded = provider.proxy
    ? String(request.headers['x-forwarded-for'] ?? '')
        .split(',')
        .at(-1)
    : ''
  return forwarded?.trim() || (request.socket.remoteAddress ?? 'unknown')
}

const formBytesMax = 8_192

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > formBytesMax) throw new errors.InvalidRequest('the form is too large')
    chunks.push(chunk)
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'))
}

function fail(parts: Parts, error: unknown, response: ServerResponse): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const portalUrl = parts.portalUrls[0] ?? parts.provider.issuer
  if (error instanceof errors.SessionNotFound) {
    const detail = 'This sign-in has expired or was already used.'
    return html(response, 400, errorPage(detail, portalUrl))
  }
  if (error instanceof errors.OIDCProviderError) {
    return html(response, error.statusCode, errorPage(error.error_description ?? error.message, portalUrl))
  }
  parts.log.error({ err: error }, 'a sign-in failed')
  html(response, 500, errorPage('Something failed on our side.', portalUrl))
}

function html(response: ServerResponse, status: number, body: string): void {
  response.statusCode = status
  response.setHeader('content-type', 'text/html; charset=utf-8')
  response.setHeader('cache-control', 'no-store')
  response.end(body)
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(303, { location }).end()
}
