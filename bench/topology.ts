import type { Page } from 'playwright-core'
import { launchBrowser, pageAs } from '#e2e/browser.ts'
import { connectDatabase } from '#e2e/portal-database.ts'
import { type Product, startProduct } from '#e2e/product.ts'
import { type Measured, median, rounded } from './results.ts'
import type { Setting } from './setting.ts'

const PARTIES = 500
const PROVIDERS = 100
const FLOWS = 1_500
const NETWORKS = 60

/** A large map in the browser: how soon it is there, and how smoothly it moves. */
export async function benchTopology(setting: Setting): Promise<Measured[]> {
  const starting = startProduct({ extra: ['--no-demo'] })
  setting.processes.onStop(() => starting.then((product) => product.stop()))
  const product = await starting
  await addTopology(product)
  const browser = await launchBrowser()
  setting.processes.onStop(() => browser.close())
  const { page } = await pageAs(browser, 'owner', { product })
  await page.addInitScript(noteWhenDrawn)
  const rounds: { readonly drawnMs: number; readonly frameMs: number }[] = []
  // The first visit fills the caches of the portal.
  for (let round = 0; round <= setting.rounds; round++) {
    const drawnMs = await draw(page)
    const frameMs = await pan(page, setting.seconds)
    if (round > 0) rounds.push({ drawnMs, frameMs })
  }
  const drawn = rounds.map(({ drawnMs }) => rounded(drawnMs, 0))
  const frames = rounds.map(({ frameMs }) => rounded(frameMs, 1))
  return [
    {
      name: 'topology',
      method: `The topology page of ${PARTIES} parties in ${NETWORKS} networks with ${FLOWS.toLocaleString('en')} flows, in headless Chromium of 1440 by 900 pixels: from the request for the page to the first frame with its lines; then the map is dragged to and fro for ${setting.seconds} seconds, and the time is divided by the frames.`,
      rows: [
        { proxy: 'Hexgate', work: 'drawn', values: { p50Ms: median(drawn) }, rounds: drawn },
        {
          proxy: 'Hexgate',
          work: 'a frame while panning',
          values: { p50Ms: median(frames) },
          rounds: frames,
        },
      ],
      figures: [
        { name: 'a topology of 1,500 flows: drawn after', value: median(drawn), ...ms(2_000, 1_000) },
        { name: 'a topology of 1,500 flows: a frame while panning', value: median(frames), ...ms(25, 17) },
      ],
      leftOut: [],
    },
  ]
}

const ms = (gate: number, goal: number) => ({ unit: 'ms', gate, goal })

type Noting = Window & { drawnAtMs?: number | undefined; framesSeen?: number | undefined }

/** Runs in the page, from its beginning. */
function noteWhenDrawn(): void {
  const noting: Noting = window
  const look = () => {
    if (document.querySelector('.react-flow__edge') === null) requestAnimationFrame(look)
    else requestAnimationFrame(() => (noting.drawnAtMs = performance.now()))
  }
  requestAnimationFrame(look)
}

async function draw(page: Page): Promise<number> {
  await page.goto('/topology?view=graph')
  await page.waitForFunction(() => (window as Noting).drawnAtMs !== undefined)
  return page.evaluate(() => (window as Noting).drawnAtMs ?? Number.NaN)
}

/** Milliseconds for each frame while the map is dragged to and fro. */
async function pan(page: Page, seconds: number): Promise<number> {
  const { x, y } = { x: 640, y: 500 }
  await page.mouse.move(x, y)
  await page.mouse.down()
  await page.evaluate(() => {
    const noting: Noting = window
    noting.framesSeen = 0
    const count = () => {
      noting.framesSeen = (noting.framesSeen ?? 0) + 1
      requestAnimationFrame(count)
    }
    requestAnimationFrame(count)
  })
  const beginMs = performance.now()
  for (let step = 0; performance.now() - beginMs < seconds * 1_000; step++)
    await page.mouse.move(x + 300 * Math.sin(step / 20), y + 200 * Math.sin(step / 31))
  const lastedMs = performance.now() - beginMs
  const frames = await page.evaluate(() => (window as Noting).framesSeen ?? 0)
  await page.mouse.up()
  return lastedMs / frames
}

/** Networks of all classes, their parties, an API for each provider, and flows, in one statement. */
async function addTopology(product: Product): Promise<void> {
  const client = await connectDatabase(product)
  await client.query(
    `WITH gateway AS (SELECT id, "organisationId" AS organisation FROM "Gateway" LIMIT 1),
     network AS (
       SELECT gen_random_uuid() AS id, n,
         (ARRAY['org-internal', 'org-external', 'non-org-external'])[1 + n % 3] AS class
       FROM generate_series(0, $1::int - 1) n),
     networks AS (
       INSERT INTO "Network" (id, "organisationId", name, class, location, firewall, "updatedAt")
       SELECT network.id, organisation, 'Network ' || n, class, 'vpc',
         CASE WHEN class = 'org-internal' THEN NULL ELSE 'Edge ' || n END, now()
       FROM network, gateway RETURNING id),
     party AS (
       SELECT gen_random_uuid() AS id, p.n, network.id AS network, network.class, p.n < $3::int AS provides
       FROM generate_series(0, $2::int - 1) p(n) JOIN network ON network.n = p.n % $1::int),
     parties AS (
       INSERT INTO "Party" (id, "organisationId", "networkId", name, kind, owner, "updatedAt")
       SELECT party.id, organisation, network, 'Party ' || n,
         (CASE WHEN provides THEN 'provider' ELSE 'consumer' END)::"PartyKind",
         CASE WHEN class = 'non-org-external' THEN 'third-party' ELSE 'organisation' END, now()
       FROM party, gateway WHERE EXISTS (SELECT FROM networks) RETURNING id),
     api AS (
       SELECT n, id AS provider, gen_random_uuid() AS api, gen_random_uuid() AS version, gen_random_uuid() AS instance
       FROM party WHERE provides),
     apis AS (
       INSERT INTO "Api" (id, "organisationId", name, title, "updatedAt")
       SELECT api, organisation, 'api-' || n, 'API ' || n, now() FROM api, gateway RETURNING id),
     versions AS (
       INSERT INTO "ApiVersion" (id, "organisationId", "apiId", label, "sourceFormat", definition, "definitionSha256",
         operations, servers, notes, "createdBy")
       SELECT version, organisation, api, '1.0.0', 'openapi-3.1', '{}', repeat('0', 64), '[]', '[]', '[]', 'bench'
       FROM api, gateway RETURNING id),
     instances AS (
       INSERT INTO "ApiInstance" (id, "organisationId", "apiVersionId", "gatewayId", "providerId", "basePath",
         "upstreamUrl", "updatedAt")
       SELECT instance, organisation, version, gateway.id, provider, '/api-' || n, 'https://upstream.test', now()
       FROM api, gateway RETURNING id),
     consumer AS (SELECT id, row_number() OVER (ORDER BY n) - 1 AS place FROM party WHERE NOT provides)
     INSERT INTO "Flow" (id, "organisationId", "consumerId", "instanceId")
     SELECT gen_random_uuid(), organisation, consumer.id, api.instance
     FROM gateway, generate_series(0, $4::int - 1) f(n)
       JOIN consumer ON consumer.place = f.n % ($2::int - $3::int)
       JOIN api ON api.n = (f.n * 7 + f.n / ($2::int - $3::int)) % $3::int`,
    [NETWORKS, PARTIES, PROVIDERS, FLOWS],
  )
  await client.query(
    `UPDATE "Gateway" SET "networkId" = (SELECT id FROM "Network" WHERE class = 'org-internal' ORDER BY name LIMIT 1)`,
  )
  await client.end()
}
