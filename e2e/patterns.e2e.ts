import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { hexagonLook } from '#diagram/hexagon.ts'
import { hexagonInk, palettes } from '#diagram/picture/palette.ts'
import {
  type Element,
  flowsIn,
  readXml,
  type ReadFlow,
  withAttribute,
  wordsIn,
} from '#diagram/picture/testing/read-svg.ts'
import type { NetworkClass } from '#domain/network.ts'
import { Actions } from './actions.ts'
import { launchBrowser, visitAs } from './browser.ts'
import { echoDocument, freshName } from './live-api.ts'
import { lookAt } from './look-at.ts'
import { Machine } from './machine.ts'

interface Row {
  readonly useCase: number
  readonly pattern: string
  readonly provider: NetworkClass
  readonly consumer: NetworkClass
  readonly role: string
  /** From the consumer to the provider, as the words under the hexagons say it. */
  readonly drawn: readonly string[]
}

const [white, green, grey] = ['Org Internal', 'Org External', 'Non-Org Ext.']
const gateway = '[gateway]'
const [inside, outside, untrusted] = ['org-internal', 'org-external', 'non-org-external'] as const
const both = 'ingress and egress'

// Where nothing is required, mTLS inside is recommended: white on either side.
const rows: readonly Row[] = [
  {
    useCase: 1,
    pattern: '1A',
    provider: inside,
    consumer: inside,
    role: 'ingress',
    drawn: [white, gateway, white],
  },
  {
    useCase: 1,
    pattern: '1B',
    provider: inside,
    consumer: inside,
    role: 'ingress',
    drawn: [white, gateway, white],
  },
  {
    useCase: 1,
    pattern: '2',
    provider: inside,
    consumer: outside,
    role: 'ingress',
    drawn: [green, white, gateway, white],
  },
  {
    useCase: 1,
    pattern: '3',
    provider: outside,
    consumer: inside,
    role: 'egress',
    drawn: [white, gateway, white, green],
  },
  {
    useCase: 1,
    pattern: '4',
    provider: outside,
    consumer: outside,
    role: both,
    drawn: [green, white, gateway, white, green],
  },
  {
    useCase: 2,
    pattern: '5',
    provider: inside,
    consumer: untrusted,
    role: 'ingress',
    drawn: [grey, white, gateway, white],
  },
  {
    useCase: 2,
    pattern: '6',
    provider: outside,
    consumer: untrusted,
    role: both,
    drawn: [grey, white, gateway, white, green],
  },
  {
    useCase: 3,
    pattern: '7',
    provider: untrusted,
    consumer: inside,
    role: 'egress',
    drawn: [white, gateway, white, grey],
  },
  {
    useCase: 3,
    pattern: '8',
    provider: untrusted,
    consumer: outside,
    role: both,
    drawn: [green, white, gateway, white, grey],
  },
  {
    useCase: 4,
    pattern: '9',
    provider: untrusted,
    consumer: untrusted,
    role: both,
    drawn: [grey, white, gateway, white, grey],
  },
]

interface Made {
  readonly flowId: string
  readonly consumer: string
  readonly api: string
}

let browser: Browser
let machine: Machine
/** The picture that is taken along, of the very topology that the page shows. */
let picture: Element
const made = new Map<string, Made>()
beforeAll(async () => {
  browser = await launchBrowser()
  machine = await Machine.at(inject('product'))
  await makeAll()
  const response = await fetch(`${inject('product').portal}/api/v1/topology/picture?format=svg`, {
    headers: { authorization: `Bearer ${machine.token}` },
  })
  expect(response.status).toBe(200)
  picture = readXml(await response.text())
})
afterAll(() => browser.close())

/** One network of each class and another internal one, a provider with an API in each, and a consumer for each row. */
async function makeAll(): Promise<void> {
  const post = async <T extends { id: string }>(path: string, body: unknown) =>
    (await machine.must<T>('POST', path, { body })).body
  const network = (cls: NetworkClass) => {
    const firewall = cls === inside ? null : `edge of ${cls}`
    const place = { location: 'vpc', parentId: null, firewall, firewallContextId: null }
    return post('/networks', { name: freshName(cls), class: cls, ...place })
  }
  const ownerIn = (cls: NetworkClass) => (cls === untrusted ? 'third-party' : 'organisation')
  const networks = {
    [inside]: await network(inside),
    [outside]: await network(outside),
    [untrusted]: await network(untrusted),
  }
  const other = await network(inside)
  const apis = new Map<NetworkClass, { instanceId: string; title: string }>()
  for (const cls of [inside, outside, untrusted] as const) {
    const title = freshName(`api-${cls}`)
    const exposed = {
      name: title,
      basePath: `/${title}`,
      upstreamUrl: 'https://upstream.example',
      deploy: false,
    }
    const source = { text: echoDocument(title, 'https://upstream.example') }
    const { instanceId } = await post<{ id: string; instanceId: string }>('/apis', { source, ...exposed })
    const provider = await post('/parties', {
      name: freshName('provider'),
      kind: 'provider',
      owner: ownerIn(cls),
      networkId: networks[cls].id,
    })
    const { etag } = await machine.must('GET', `/instances/${instanceId}`)
    await machine.must('PUT', `/instances/${instanceId}/provider`, {
      body: { providerId: provider.id },
      ifMatch: etag ?? '',
    })
    apis.set(cls, { instanceId, title })
  }
  for (const { pattern, provider, consumer } of rows) {
    const networkId = pattern === '1B' ? other.id : networks[consumer].id
    const name = freshName(`caller-${pattern.toLowerCase()}`)
    const party = await post('/parties', { name, kind: 'consumer', owner: ownerIn(consumer), networkId })
    const api = apis.get(provider)
    if (!api) throw new Error('no API')
    const flow = await post('/flows', { consumerId: party.id, apiId: api.instanceId })
    made.set(pattern, { flowId: flow.id, consumer: name, api: api.title })
  }
}

async function openMap(query = ''): Promise<Page> {
  const page = await visitAs(browser, 'owner')
  await page.goto(`/topology${query}`)
  await page.locator('.react-flow__edge [role=img]').first().waitFor()
  return page
}

const details = (page: Page) => page.getByRole('complementary', { name: 'Details' })

/** The hexagons of a flow as they are drawn, in the order in which its legs follow each other. */
async function drawnHexagons(page: Page): Promise<string[]> {
  const legs = await page.locator('.react-flow__edge').evaluateAll((edges) =>
    edges.flatMap((edge) => {
      const mark = edge.querySelector('[role=img]')
      const [, from, to] = /^(.*?) to (.*?), expected/.exec(mark?.getAttribute('aria-label') ?? '') ?? []
      // Those of the chosen flow alone have a hexagon that stands out.
      const isLit = mark?.querySelector('polygon')?.getAttribute('stroke') === 'var(--color-accent)'
      const word = [...(mark?.querySelectorAll('text') ?? [])]
        .map((text) => text.textContent)
        .find((text) => text?.includes('Org'))
      return isLit && from && to && word ? [{ from, to, word }] : []
    }),
  )
  const ends = new Set(legs.map(({ to }) => to))
  const inOrder: string[] = []
  // A network of consumers and providers has one firewall, which a flow may pass twice.
  const take = (index: number) => (index < 0 ? undefined : legs.splice(index, 1)[0])
  const next = (end: string) => take(legs.findIndex(({ from }) => from === end))
  for (let at = take(legs.findIndex(({ from }) => !ends.has(from))); at; at = next(at.to)) {
    inOrder.push(at.word)
    if (at.to === 'edge' || (await isGateway(page, at.to))) inOrder.push('[gateway]')
  }
  return inOrder
}

async function isGateway(page: Page, name: string): Promise<boolean> {
  return (await page.locator('[data-stop^="gateway:"]').filter({ hasText: name }).count()) > 0
}

/** The hexagons of a flow in the picture, in the words under them. */
function picturedHexagons({ legs }: ReadFlow): string[] {
  return legs.flatMap((leg) => {
    const word = wordsIn(leg).find((each) => each.includes('Org')) ?? 'no word'
    return [word, ...(leg.attributes['data-to']?.startsWith('gateway:') ? [gateway] : [])]
  })
}

test.each(rows)(
  'pattern $pattern is drawn with its hexagons, classes and role, on the page and in the picture',
  async (row) => {
    const { flowId, consumer, api } = made.get(row.pattern) ?? { flowId: '', consumer: '', api: '' }
    const page = await openMap(`?view=graph&select=flow:${flowId}`)
    await details(page)
      .getByRole('heading', { name: `${consumer} to ${api}` })
      .waitFor()
    const said = (await details(page).textContent()) ?? ''
    expect(said).toContain(`Use case ${row.useCase}, pattern ${row.pattern}.`)
    expect(said).toContain(`the gateway acts as ${row.role}`)
    expect(await drawnHexagons(page)).toEqual(row.drawn)
    await page.context().close()

    const flow = flowsIn(picture).get(`${consumer} to ${api}`)
    expect(flow).toMatchObject({ pattern: row.pattern, useCase: `${row.useCase}`, role: row.role })
    expect(flow && picturedHexagons(flow)).toEqual(row.drawn)
  },
)

/** What is drawn for a leg, and said of it. */
interface DrawnLeg {
  readonly label: string
  readonly fill: string
  readonly underline: string
  readonly words: readonly string[]
}

test('every leg has on the page the hexagon, the class and the words that it has in the picture', async () => {
  const page = await openMap('?view=graph')
  const drawn = await page.locator('.react-flow__edge').evaluateAll((edges) =>
    edges.map((edge) => {
      const mark = edge.querySelector('[role=img]')
      const hexagon = mark?.querySelector('polygon')
      const underline = mark?.querySelector('path')
      const leg = {
        // Its ends and what is expected and known; figures of now come behind.
        label: mark?.getAttribute('aria-label')?.split('. ')[0] ?? '',
        fill: hexagon ? getComputedStyle(hexagon).fill : '',
        underline: !underline ? 'none' : underline.hasAttribute('stroke-dasharray') ? 'dotted' : 'solid',
        words: [...(mark?.querySelectorAll('text') ?? [])].slice(0, 2).map((text) => text.textContent ?? ''),
      }
      return [edge.getAttribute('data-id') ?? '', leg] as const
    }),
  )
  await page.context().close()
  const pictured = new Map(
    withAttribute(picture, 'data-leg').map((leg) => [leg.attributes['data-leg'] ?? '', picturedLeg(leg)]),
  )
  const classes = new Set<string>()
  for (const [id, leg] of drawn) {
    expect(leg, id).toEqual(pictured.get(id))
    classes.add(leg.words[1] ?? '')
  }
  expect(drawn.length).toBe(pictured.size)
  expect([...classes]).toEqual(expect.arrayContaining([white, green, grey]))
})

function picturedLeg(leg: Element): DrawnLeg {
  const cls = leg.attributes['data-expected'] as NetworkClass
  const title = leg.children.find(({ name }) => name === 'title')
  const line = leg.children.find(({ name }) => name === 'path')
  const hexagon = leg.children.find(({ name }) => name === 'polygon')
  const dotted = line?.attributes['stroke-dasharray'] !== undefined
  if (cls in hexagonLook) {
    expect(hexagon?.attributes['fill']).toBe(hexagonInk(palettes.light)[cls])
    expect(leg.attributes['data-underline']).toBe(hexagonLook[cls].underline)
  }
  return {
    label: title?.text.split('. ')[0] ?? '',
    fill: asComputed(hexagon?.attributes['fill'] ?? ''),
    underline: line ? (dotted ? 'dotted' : 'solid') : 'none',
    words: wordsIn(leg).slice(0, 2),
  }
}

/** A colour of the picture as a browser names it. */
function asComputed(colour: string): string {
  const parts = /^#(..)(..)(..)$/.exec(colour)?.slice(1) ?? []
  return `rgb(${parts.map((part) => Number.parseInt(part, 16)).join(', ')})`
}

test('who calls whom and whether mTLS is on takes one action at most, the detail of a leg two', async () => {
  const page = await visitAs(browser, 'reviewer')
  await page.goto('/')
  const actions = new Actions(page)
  await actions.click(page.getByRole('link', { name: 'Topology', exact: true }))
  const marks = page.locator('.react-flow__edge [role=img]')
  await marks.first().waitFor()
  expect(await marks.first().getAttribute('aria-label')).toMatch(/ to .*, expected .*, actual /)
  actions.expectWithin(1)
  // Untrusted networks stand on top, where the map begins.
  const { consumer } = made.get('9') ?? { consumer: '' }
  const mark = page.locator(`.react-flow__edge [role=img][aria-label^="${consumer} to "]`)
  await actions.click(mark.getByText('mTLS', { exact: true }))
  await details(page).getByText('actual', { exact: true }).first().waitFor()
  actions.expectWithin(2)
  // A reviewer judges and answers for nothing.
  expect(await details(page).getByRole('button', { name: 'Accept until a day' }).count()).toBe(0)
  await page.context().close()
})

test('a finding is accepted until a day, shown with who answers, and withdrawn', async () => {
  const { flowId } = made.get('4') ?? { flowId: '' }
  const page = await openMap(`?view=graph&select=flow:${flowId}`)
  await details(page).getByRole('button', { name: 'Accept until a day' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel(/^Who answers/).fill('Security')
  await dialog.getByLabel(/^Reason/).fill('A pilot')
  await dialog.getByRole('button', { name: 'Accept', exact: true }).click()
  await dialog.waitFor({ state: 'detached' })
  await details(page)
    .getByText(/Accepted by Security until \d{4}-\d\d-\d\d: A pilot/)
    .first()
    .waitFor()
  await details(page).getByRole('button', { name: 'Withdraw' }).first().click()
  await page.getByRole('dialog').getByRole('button', { name: 'Withdraw' }).click()
  await details(page)
    .getByText(/Accepted by Security/)
    .first()
    .waitFor({ state: 'detached' })
  await page.context().close()
})

test('lenses stand in the address, hold together and are taken off at once', async () => {
  const page = await visitAs(browser, 'owner')
  await page.goto('/topology?view=table')
  const table = page.getByRole('table', { name: 'Flows from consumers through gateways to APIs' })
  const { consumer } = made.get('5') ?? { consumer: '' }
  await page.getByRole('searchbox', { name: 'Show flows with this name' }).fill(consumer)
  await expect.poll(() => table.locator('tbody tr').count()).toBe(1)
  await page.getByRole('button', { name: /^Use case 1,/ }).click()
  await page.getByText('No flow fits the filter').waitFor()
  expect(new URL(page.url()).searchParams.get('q')).toBe(consumer)
  expect(new URL(page.url()).searchParams.get('use-case')).toBe('1')
  await page.getByRole('button', { name: 'Clear all' }).click()
  await expect.poll(() => table.locator('tbody tr').count()).toBeGreaterThan(9)
  expect(new URL(page.url()).search).toBe('?view=table')
  await page.context().close()
})

test('the map with a flow, a leg and the lenses is fit to be seen', async () => {
  const page = await openMap()
  const { flowId } = made.get('9') ?? { flowId: '' }
  const faults = await lookAt(page, 'topology-flow', async () => {
    await page.goto(`/topology?view=graph&select=flow:${flowId}`)
    await page.locator('.react-flow__edge [role=img]').first().waitFor({ state: 'attached' })
  })
  faults.push(
    ...(await lookAt(page, 'topology-lenses', async () => {
      await page.goto('/topology?view=graph&show=plaintext')
      await page.locator('.react-flow__edge [role=img]').first().waitFor({ state: 'attached' })
    })),
  )
  expect(faults).toEqual([])
  await page.context().close()
})
