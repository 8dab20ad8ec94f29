import { spawn } from 'node:child_process'
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { lstat, mkdtemp, readFile, readdir, readlink, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { launchBrowser, openPage, signIn } from './browser.ts'
import { deploy, instanceAt, isGreen, replaceChain, servedBy } from './gateway-view.ts'
import { Load } from './load.ts'
import { clientsOf, Machine, until } from './machine.ts'
import { connectDatabase, databasePort, databaseText, wholeHead } from './portal-database.ts'
import { familyOf, listenerOn, stillRunning } from './processes.ts'
import { freePort, type Product, startProduct } from './product.ts'

// A machine that is busy with other things is slow and not wrong.
vi.setConfig({ testTimeout: 180_000 })

const root = path.resolve(import.meta.dirname, '..')
const rates = '/freight/v1/rates?from=DE&to=FR&weightKg=2'

let dataFolder: string
let product: Product
let machine: Machine
let browser: Browser
let page: Page
let demoKey: string

beforeAll(async () => {
  dataFolder = await mkdtemp(path.join(tmpdir(), 'hexgate-faults-'))
  product = await startProduct({ dataFolder })
  machine = await Machine.at(product)
  demoKey = await kept('demo-api-key')
  browser = await launchBrowser()
  page = (await openPage(browser, { product })).page
  await signIn(page, 'owner', product.password)
  await page.waitForURL((url) => url.origin === product.portal && !url.pathname.startsWith('/signin'))
})
afterAll(async () => {
  await browser?.close()
  await product?.stop()
  await rm(dataFolder, { recursive: true, force: true })
})

const kept = async (name: string) => (await readFile(path.join(dataFolder, name), 'utf8')).trim()
const portOf = (address: string) => Number(new URL(address).port)
const isHealthy = async () => (await fetch(`${product.portal}/api/health`).catch(() => null))?.status === 200
const healthy = () => until('the portal is healthy', isHealthy, 60_000)
const green = () => until('every node is green', () => isGreen(machine))

async function ended(pid: number): Promise<void> {
  const [seen] = await familyOf(pid)
  if (!seen) return
  process.kill(pid, 'SIGKILL')
  await until(`${seen.name} is gone`, async () => (await stillRunning([seen])).length === 0)
}

/** Asks every API once, as its callers do. */
async function expectAllServed(): Promise<void> {
  const asked = [
    [rates, {}],
    ['/shop/v1/orders', {}],
    ['/crm/v2/customers', { 'x-api-key': demoKey }],
  ] as const
  for (const [where, headers] of asked) {
    expect((await fetch(product.gateway + where, { headers })).status, where).toBe(200)
  }
  expect((await fetch(`${product.gateway}/crm/v2/customers`)).status).toBe(401)
}

/** Keeps the gateway busy while something is done, and sees that nobody noticed. */
async function underLoad(work: (load: Load) => Promise<void>): Promise<void> {
  const load = await Load.start({
    origin: product.gateway,
    path: rates,
    socketPath: '/shop/v1/events',
    connections: 2,
    sockets: 3,
  })
  const outcome = await work(load).then(
    () => null,
    (error: unknown) => ({ error }),
  )
  const { failures, socketsCut, answered } = await load.stop()
  if (outcome) throw outcome.error
  expect(failures.slice(0, 5)).toEqual([])
  expect(socketsCut).toBe(0)
  expect(answered).toBeGreaterThan(100)
}

const answeredMore = (load: Load, count: number) => {
  const before = load.answered
  return until(`${count} more answers`, async () => load.answered >= before + count)
}

describe('a portal that is away', () => {
  it('frozen or killed leaves traffic as it is, and is back by itself', async () => {
    await underLoad(async (load) => {
      const portal = await listenerOn(portOf(product.portal))
      process.kill(portal.pid, 'SIGSTOP')
      await answeredMore(load, 500)
      process.kill(portal.pid, 'SIGCONT')
      await healthy()
      await ended((await listenerOn(portOf(product.portal))).pid)
      await answeredMore(load, 500)
      await healthy()
      await green()
    })
  })

  it('does not keep a killed node from serving the same revision from its store', async () => {
    const before = await servedBy(product)
    const portal = await listenerOn(portOf(product.portal))
    process.kill(portal.pid, 'SIGSTOP')
    try {
      const node = await listenerOn(portOf(product.admin))
      await ended(node.pid)
      await until(
        'the node is ready',
        async () => (await fetch(`${product.admin}/ready`).catch(() => null))?.ok === true,
      )
      await underLoad(async (load) => {
        await expectAllServed()
        await answeredMore(load, 300)
      })
      expect((await listenerOn(portOf(product.admin))).pid).not.toBe(node.pid)
      expect(await servedBy(product)).toEqual(before)
    } finally {
      process.kill(portal.pid, 'SIGCONT')
    }
    await healthy()
    await green()
    expect(await servedBy(product)).toEqual(before)
  })
})

describe('a portal that is killed while it publishes', () => {
  const limit = (maximumRequests: number) => [
    {
      kind: 'rate-limiting',
      config: { rateLimits: [{ maximumRequests, timePeriodInMilliseconds: 60_000 }] },
    },
  ]

  it('just before the end leaves nothing of it, and the next publication reaches the node', async () => {
    const shop = await instanceAt(machine, '/shop/v1')
    await replaceChain(machine, shop, limit(5_000))
    const client = await connectDatabase(product)
    const before = await wholeHead(client)
    // The audit entry is the last step but one: whoever holds its lock stops the publication there.
    await client.query('BEGIN')
    await client.query(
      `SELECT pg_advisory_xact_lock(hashtextextended('audit:' || id, 0)) FROM "Organisation"`,
    )
    const publication = deploy(machine, shop).catch(() => 'lost')
    await until('it waits at the audit trail', async () => {
      const sql = `SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`
      return Number((await client.query<{ n: string }>(sql)).rows[0]?.n) === 1
    })
    await ended((await listenerOn(portOf(product.portal))).pid)
    await client.query('ROLLBACK')
    expect(await publication).toBe('lost')
    await healthy()
    expect(await wholeHead(client)).toEqual(before)
    expect(await deploy(machine, shop)).toBe(before.number + 1)
    await green()
    expect(await servedBy(product)).toMatchObject({ revision: before.number + 1 })
    await client.end()
  })

  it('at any moment leaves whole revisions, and the node ends with the last of them', async () => {
    const shop = await instanceAt(machine, '/shop/v1')
    const client = await connectDatabase(product)
    for (let round = 0; round < 2; round += 1) {
      const portal = await listenerOn(portOf(product.portal))
      let running = true
      const publishing = (async () => {
        for (let count = 0; running; count += 1) {
          await replaceChain(machine, shop, limit(6_000 + 100 * round + count))
          await deploy(machine, shop)
        }
      })().catch(() => 'lost')
      const begun = (await wholeHead(client)).number
      await until('some are through', async () => (await wholeHead(client)).number > begun + 1 + round)
      await ended(portal.pid)
      running = false
      await publishing
      await healthy()
      await green()
      const head = await wholeHead(client)
      expect(await servedBy(product)).toEqual({ revision: head.number, hash: head.hash })
    }
    await client.end()
  })
})

describe('a database that is killed', () => {
  it('stops no traffic; the portal says so, and is well again by itself with every session', async () => {
    const port = await databasePort(product)
    const postgres = await listenerOn(port)
    const [cookie] = await page.context().cookies()
    await page.goto('/catalog')
    await page
      .getByRole('link', { name: /orders/i })
      .first()
      .waitFor()
    await underLoad(async (load) => {
      // Whoever would start it again is held, so that the outage lasts as long as it is looked at.
      process.kill(postgres.parent, 'SIGSTOP')
      try {
        await ended(postgres.pid)
        await until('the portal notices', async () => !(await isHealthy()))
        for (let count = 0; count < 5; count += 1) {
          const response = await fetch(`${product.portal}/api/v1/apis`, {
            headers: { authorization: `Bearer ${machine.token}` },
          })
          expect(response.status).toBe(503)
          expect(response.headers.get('content-type')).toContain('application/problem+json')
          expect(await response.json()).toMatchObject({ code: 'database.unavailable' })
        }
        // The page that is open, and one that is opened now.
        const said = 'The portal cannot reach its database'
        await page.getByRole('status').getByText(said).waitFor({ timeout: 30_000 })
        await page.reload()
        await page.getByText(said).first().waitFor({ timeout: 30_000 })
        const shown = await page.locator('body').innerText()
        expect(shown).not.toMatch(/\bat .+:\d+:\d+|prisma|ECONNREFUSED|127\.0\.0\.1/i)
        await answeredMore(load, 300)
      } finally {
        process.kill(postgres.parent, 'SIGCONT')
      }
      await healthy()
      await green()
    })
    await page
      .getByRole('link', { name: /orders/i })
      .first()
      .waitFor({ timeout: 30_000 })
    expect(new URL(page.url()).pathname).toBe('/catalog')
    expect(await page.context().cookies()).toContainEqual(expect.objectContaining({ name: cookie?.name }))
    expect((await listenerOn(port)).pid).not.toBe(postgres.pid)
    await expectAllServed()
  })
})

describe('secrets', () => {
  it('stand in no log, not in the node’s store and not in the database', async () => {
    const customers = await instanceAt(machine, '/crm/v2')
    const body = { name: 'Canary reader' }
    const { key } = (
      await machine.must<{ key: string }>('POST', `/instances/${customers}/consumers`, { body })
    ).body
    const ask = (value: string) =>
      fetch(`${product.gateway}/crm/v2/customers`, { headers: { 'x-api-key': value } })
    // Without a deployment: a key counts at once.
    await until('the key counts', async () => (await ask(key)).status === 200)
    const wrongKey = 'hxk_canary-that-nobody-was-given-000000000000000'
    expect((await ask(wrongKey)).status).toBe(401)
    const wrongPassword = 'canary password 77'
    const { page: stranger } = await openPage(browser, { product })
    await signIn(stranger, 'admin', wrongPassword)
    await stranger.getByRole('alert').first().waitFor()

    const clients = await clientsOf(product)
    const cookies = await page.context().cookies()
    const secrets = new Map([
      ['the demo password', product.password],
      ['a wrong password', wrongPassword],
      ['the sample’s API key', demoKey],
      ['a fresh API key', key],
      ['a wrong API key', wrongKey],
      ['the gateway key', await kept('gateway-key')],
      ['the master key', await kept('master-key')],
      ['the database password', await kept('postgres/password')],
      ['the portal’s client secret', clients.portal.secret],
      ['the pipeline’s client secret', clients.pipeline.secret],
      ['a bearer token', machine.token],
      ...cookies
        .filter(({ httpOnly }) => httpOnly)
        .map(({ name, value }) => [`cookie ${name}`, value] as const),
    ])
    expect([...secrets.values()].every((secret) => secret.length >= 16)).toBe(true)
    expect([...secrets.keys()].some((name) => name.includes('session'))).toBe(true)

    const client = await connectDatabase(product)
    const places = new Map([['database', await databaseText(client)]])
    await client.end()
    for (const place of ['log', 'gateway', 'postgres/log']) await readAll(place, places)
    const found = [...places].flatMap(([place, text]) =>
      [...secrets].filter(([, secret]) => text.includes(secret)).map(([name]) => `${name} in ${place}`),
    )
    expect(found).toEqual([])
    // That something is found where it stands by right shows that the search finds.
    expect(places.get('database')).toContain(hash('sha256', key))
    expect(places.get('database')).toContain(key.slice(0, 12))
    expect(places.get('log/gateway.log')).toContain('"msg"')
    expect(places.size).toBeGreaterThan(8)
  })

  async function readAll(place: string, into: Map<string, string>): Promise<void> {
    const whole = path.join(dataFolder, place)
    const about = await lstat(whole)
    // The lock of a node's folder is a link that says who holds it and leads nowhere.
    if (about.isSymbolicLink()) return void into.set(place, await readlink(whole))
    if (about.isFile()) return void into.set(place, await readFile(whole, 'latin1'))
    for (const entry of await readdir(whole)) await readAll(path.join(place, entry), into)
  }
})

describe('stopping and starting', () => {
  it('Ctrl-C ends with 0 and leaves no process and no port; the next start takes up what is there', async () => {
    const ports = [product.portal, product.gateway, product.admin, product.sts].map(portOf)
    ports.push(await databasePort(product), ...(await kept('demo-ports')).split(' ').map(Number))
    const family = await familyOf(product.pid)
    expect(family.length).toBeGreaterThan(8)
    const before = await servedBy(product)
    const built = await stat(path.join(root, '.next', 'BUILD_ID'))
    expect(await product.stop()).toBe(0)
    expect(await stillRunning(family)).toEqual([])
    for (const port of ports) await expect(freePort(port)).resolves.toBe(port)

    product = await startProduct({ dataFolder })
    expect(product.output()).not.toMatch(/importing|takes a minute|installing/)
    expect((await stat(path.join(root, '.next', 'BUILD_ID'))).mtimeMs).toBe(built.mtimeMs)
    machine = await Machine.at(product)
    await green()
    expect(await servedBy(product)).toEqual(before)
    await expectAllServed()
  })

  it.each([
    [
      'a taken port',
      async () => ['--port', `${portOf(product.portal)}`],
      /^Port \d+ \(portal\) is taken\. .*--port\.$/,
    ],
    ['an option that there is not', async () => ['--prot', '1'], /^Unknown option '--prot'\. .*--help/],
    ['a port that is none', async () => ['--gateway-port', '99999'], /^--gateway-port must be a port/],
    ['a data folder that is a file', asFile, /^The data folder .* is not a folder\.$/],
    ['a data folder inside a file', insideFile, /^The data folder .* cannot be (?:read|used): /],
    ['a database of a newer version', withNewerDatabase, /^The database is newer than this checkout: /],
    [
      'a data folder that another start uses',
      async () => ['--data', dataFolder],
      /^Another Hexgate is running from /,
    ],
  ])('is refused in one line, and not with 0, for %s', async (_, argumentsOf, line) => {
    const free = ['--port', '--sts-port', '--gateway-port', '--admin-port']
    const others = (await Promise.all(free.map(async (option) => [option, `${await freePort(0)}`]))).flat()
    const folder = await mkdtemp(path.join(tmpdir(), 'hexgate-refused-'))
    const args = [...others, '--data', folder, ...(await argumentsOf())]
    const child = spawn(process.execPath, ['scripts/bootstrap.mjs', 'start', ...args], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let errors = ''
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    const [code] = await once(child, 'close')
    await rm(folder, { recursive: true, force: true })
    expect(code).not.toBe(0)
    const lines = errors.split('\n').filter((each) => each.trim() !== '')
    expect(lines).toEqual([expect.stringMatching(line)])
  })

  it('Ctrl-C while the database is being started again leaves nothing either', async () => {
    const postgres = await listenerOn(await databasePort(product))
    const family = await familyOf(product.pid)
    process.kill(postgres.pid, 'SIGKILL')
    expect(await product.stop()).toBe(0)
    expect(await stillRunning(family)).toEqual([])
    // One that came up meanwhile would be in nobody's list, and would hold the port.
    const port = await databasePort(product)
    await expect(freePort(port)).resolves.toBe(port)
  })

  async function asFile(): Promise<string[]> {
    const file = path.join(dataFolder, 'a-file')
    await writeFile(file, '')
    return ['--data', file]
  }

  async function withNewerDatabase(): Promise<string[]> {
    const client = await connectDatabase(product)
    await client.query('CREATE DATABASE newer')
    await client.end()
    const newer = await connectDatabase(product, 'newer')
    await newer.query(`CREATE TABLE "_prisma_migrations" (id text, checksum text, finished_at timestamptz,
      migration_name text, logs text, rolled_back_at timestamptz, started_at timestamptz)`)
    await newer.query(
      `INSERT INTO "_prisma_migrations" VALUES ('1', '', now(), '29990101000000_later', null, null, now())`,
    )
    await newer.end()
    const password = await kept('postgres/password')
    return [
      '--database-url',
      `postgresql://hexgate:${password}@127.0.0.1:${await databasePort(product)}/newer`,
    ]
  }

  async function insideFile(): Promise<string[]> {
    const [, file = ''] = await asFile()
    return ['--data', path.join(file, 'folder')]
  }
})
