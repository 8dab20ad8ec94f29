import { connect } from 'node:net'
import { type Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { launchBrowser, pageAs } from './browser.ts'
import { gatewayOf } from './gateway-view.ts'
import { Machine } from './machine.ts'

// What the framework under the portal has let through before, by advisory: whoever has not signed in sees nothing
// of anybody by any of these ways.

const { portal, admin } = inject('product')
const port = Number(new URL(portal).port)
/** Names that stand in the sample data and nowhere else. */
const theirs = /customer-records|carrier-rates|Olivia Owner|Ada Admin|Acme|127\.0\.0\.1:\d+\/shop/

let browser: Browser
let pages: string[]
let cookie: string
let buildId: string

beforeAll(async () => {
  browser = await launchBrowser()
  const machine = await Machine.at(inject('product'))
  const { id: gatewayId } = await gatewayOf(machine)
  const { apis } = (await machine.must<{ apis: { id: string }[] }>('GET', '/apis')).body
  const apiId = apis[0]?.id
  pages = [
    '/',
    '/catalog',
    '/deployments',
    '/gateways',
    '/topology',
    '/settings',
    '/settings/audit',
    '/api-docs',
  ]
  pages.push(`/catalog/${apiId}`, `/catalog/${apiId}/policies`, `/gateways/${gatewayId}`)
  const { context, page } = await pageAs(browser, 'owner')
  cookie = (await context.cookies(portal)).map(({ name, value }) => `${name}=${value}`).join('; ')
  buildId = /\\"b\\":\\"([\w-]+)\\"/.exec(await page.content())?.[1] ?? ''
  expect(buildId).not.toBe('')
})
afterAll(() => browser.close())

interface Way {
  address: (path: string) => string
  headers?: Record<string, string>
  method?: string
}

const subrequest = ['proxy', 'middleware', 'src/proxy', 'src/middleware'].map((name) =>
  Array(6).fill(name).join(':'),
)

const ways: Record<string, Way> = {
  plainly: { address: (path) => path },
  'as a payload of components (RSC)': { address: (path) => `${path}?_rsc=1a2b3`, headers: { rsc: '1' } },
  'by the suffix .rsc (CVE-2026-44574)': { address: (path) => `${path === '/' ? '/index' : path}.rsc` },
  'as a prefetch': {
    address: (path) => `${path}?_rsc=1a2b3`,
    headers: { rsc: '1', 'next-router-prefetch': '1', purpose: 'prefetch' },
  },
  'segment by segment (CVE-2026-44575)': {
    address: (path) => `${path === '/' ? '/index' : path}.segments/_full.segment.rsc`,
    headers: { rsc: '1', 'next-router-prefetch': '1', 'next-router-segment-prefetch': '/_full' },
  },
  'as data of a page (CVE-2026-44573)': {
    address: (path) => `/_next/data/${buildId}${path === '/' ? '/index' : path}.json`,
    headers: { 'x-nextjs-data': '1' },
  },
  'with a language in front': { address: (path) => `/en${path}` },
  'with an encoded path': {
    address: (path) => path.replace(/[a-z]/, (c) => `%${c.charCodeAt(0).toString(16)}`),
  },
  'as an action': {
    address: (path) => path,
    method: 'POST',
    headers: { 'next-action': 'a'.repeat(42), 'content-type': 'text/plain;charset=UTF-8' },
  },
  ...Object.fromEntries(
    subrequest.map((value) => [
      `as a request of the middleware itself, ${value.split(':')[0]} (CVE-2025-29927)`,
      { address: (path: string) => path, headers: { 'x-middleware-subrequest': value } },
    ]),
  ),
}

/** Follows redirects, as to the address that the payload of a page should have been asked for. */
function ask(way: Way, path: string, more: Record<string, string> = {}): Promise<Response> {
  return fetch(portal + way.address(path), {
    method: way.method ?? 'GET',
    headers: { ...way.headers, ...more },
    ...(way.method === 'POST' ? { body: '[]' } : {}),
  })
}

test('whoever has signed in sees what the others must not see', async () => {
  for (const path of ['/catalog', '/deployments', '/gateways', '/topology', '/settings']) {
    const response = await ask({ address: (it) => it }, path, { cookie })
    expect(response.status, path).toBe(200)
    expect(await response.text(), path).toMatch(theirs)
  }
})

describe.each(Object.entries(ways))('asked %s', (_, way) => {
  test('no page shows anything to whoever has not signed in', async () => {
    for (const path of pages) {
      const response = await ask(way, path)
      const text = await response.text()
      expect(text, path).not.toMatch(theirs)
      if (response.ok) expect(response.url + text, path).toContain('/signin')
      else expect([400, 404, 405, 409], `${path}: ${response.status}`).toContain(response.status)
    }
  })

  test('REST answers nobody', async () => {
    for (const path of ['/api/v1/apis', '/api/v1/gateways', '/api/v1/members', '/api/v1/audit']) {
      const response = await ask(way, path)
      expect(await response.text(), path).not.toMatch(theirs)
      expect([401, 403, 404, 405, 422], `${path}: ${response.status}`).toContain(response.status)
    }
  })
})

describe('raw requests', () => {
  test('a target that is a whole URL is not followed (CVE-2026-44578)', async () => {
    for (const target of [
      `${admin}/config`,
      `${portal}/catalog`,
      'http://169.254.169.254/',
      '//127.0.0.1/',
      '*',
    ]) {
      const { status, text } = await raw(
        `GET ${target} HTTP/1.1\r\nhost: localhost:${port}\r\nconnection: close\r\n\r\n`,
      )
      expect([400, 404, 308], `${target}: ${text.slice(0, 200)}`).toContain(status)
      expect(text).not.toMatch(theirs)
    }
  })

  test('nothing upgrades but the sockets of the portal itself', async () => {
    const { host } = new URL(admin)
    const targets = [
      '/',
      '/catalog',
      '/_next/hmr',
      '/_next/webpack-hmr',
      '/api/v1/apis',
      '/socket.io/',
      '/socket.io/other/',
    ]
    for (const target of [
      ...targets,
      `${admin}/config`,
      `//${host}/config`,
      `/../${host}/config`,
      '/socket.iox/live/',
    ]) {
      const { status, text } = await raw(upgrade(target))
      expect([400, 404], `${target}: ${text.slice(0, 200)}`).toContain(status)
    }
  })

  test('the sockets of the portal take nobody from another site', async () => {
    const target = '/socket.io/live/?EIO=4&transport=websocket'
    const foreign = await raw(upgrade(target, { origin: 'https://evil.example', cookie }))
    expect(foreign.text).not.toContain('"sid"')
    expect([400, 403], foreign.text.slice(0, 200)).toContain(foreign.status)
  })
})

describe('headers', () => {
  test('every page has a policy with a nonce of its own, and none that lets text be run', async () => {
    const nonces = new Set<string>()
    for (const [path, headers] of [
      ['/signin', {}],
      ['/signin', { purpose: 'prefetch' }],
      ['/catalog', { cookie }],
      ['/catalog', { cookie, purpose: 'prefetch' }],
      ['/nothing-here', { cookie }],
    ] as const) {
      const response = await fetch(portal + path, { headers })
      const policy = response.headers.get('content-security-policy') ?? ''
      expect(policy, path).toMatch(/script-src 'self' 'nonce-[^']+' 'strict-dynamic';/)
      expect(policy, path).not.toContain('unsafe-eval')
      for (const part of [
        "default-src 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "frame-ancestors 'none'",
      ]) {
        expect(policy.split('; '), path).toContain(part)
      }
      nonces.add(/'nonce-([^']+)'/.exec(policy)?.[1] ?? '')
    }
    expect(nonces.size).toBe(5)
  })

  test('whatever is answered cannot be sniffed, framed or told to other sites', async () => {
    const html = await (await fetch(`${portal}/signin`)).text()
    const asset = /"(\/_next\/static\/[^"]+\.js)"/.exec(html)?.[1] ?? ''
    expect(asset).not.toBe('')
    for (const path of [
      '/',
      '/signin',
      '/nothing-here',
      '/api/v1/apis',
      '/api/v1/openapi.json',
      '/api/health',
      asset,
    ]) {
      const { headers } = await fetch(portal + path, { redirect: 'manual' })
      expect(headers.get('x-content-type-options'), path).toBe('nosniff')
      expect(headers.get('x-frame-options'), path).toBe('DENY')
      expect(headers.get('referrer-policy'), path).toBe('strict-origin-when-cross-origin')
      expect(headers.get('x-powered-by'), path).toBeNull()
    }
  })

  test('what is answered to somebody is kept by nobody else', async () => {
    for (const path of ['/', '/catalog', '/api/v1/apis', '/catalog?_rsc=1a2b3']) {
      const { headers } = await fetch(portal + path, { headers: { cookie }, redirect: 'manual' })
      expect(headers.get('cache-control'), path).toMatch(/no-store/)
    }
  })

  test('no cookie of signing in can be read by a script or sent by another site’s form', async () => {
    const { context } = await pageAs(browser, 'reviewer')
    const cookies = (await context.cookies(portal)).filter(({ name }) => name.includes('hexgate'))
    expect(cookies.length).toBeGreaterThan(0)
    for (const each of cookies) {
      expect(each, each.name).toMatchObject({ httpOnly: true })
      expect(['Lax', 'Strict'], each.name).toContain(each.sameSite)
    }
  })
})

function upgrade(target: string, more: Record<string, string> = {}): string {
  const headers = {
    host: `localhost:${port}`,
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...more,
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `GET ${target} HTTP/1.1\r\n${lines.join('')}\r\n`
}

/** What comes back for bytes that no client would send, until the portal closes the connection. */
function raw(bytes: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, 'localhost', () => socket.write(bytes))
    let text = ''
    const settle = () => {
      socket.destroy()
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text })
    }
    socket.setTimeout(10_000, settle)
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
    socket.once('end', settle)
    socket.once('error', reject)
  })
}
