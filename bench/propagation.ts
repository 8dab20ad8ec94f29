import { Agent, get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { gatewayOf } from '#e2e/gateway-view.ts'
import { Machine, until } from '#e2e/machine.ts'
import { connectDatabase } from '#e2e/portal-database.ts'
import { type Product, startProduct } from '#e2e/product.ts'
import { startUpstream } from './contenders.ts'
import { type Figure, type Measured, rounded } from './results.ts'
import type { Setting } from './setting.ts'

const ROUTES = 3_000
const EDITS_PER_ROUND = 8
/** The portal's own code is compiled by then. */
const WARM_UP_EDITS = 12
/** Another API is deployed so often while others are measured. */
const CHURN_MS = 500

/** What an edit must say again of an API. */
interface Instance {
  readonly host: string
  readonly upstreamUrl: string
  readonly stripBasePath: boolean
  readonly enabled: boolean
}

/** From the click that deploys one API to the first answer by its new route, through all that lies between. */
export async function benchPropagation(setting: Setting): Promise<Measured[]> {
  const upstreamPort = await startUpstream(setting)
  const starting = startProduct({ extra: ['--no-demo'] })
  setting.processes.onStop(() => starting.then((product) => product.stop()))
  const product = await starting
  const instances = await addApis(product, upstreamPort)
  const machine = await Machine.at(product)
  const portal = new Portal(machine, product.gateway, await gatewayOf(machine), instances)
  await portal.deployAll()
  await portal.edit(WARM_UP_EDITS)
  const edits = EDITS_PER_ROUND * setting.rounds
  const quiet = await portal.edit(edits)
  const churning = await portal.whileOthersDeploy(() => portal.edit(edits))
  return [
    {
      name: 'propagation',
      method: `All of the product as \`npm start\` runs it, ${ROUTES.toLocaleString('en')} APIs, one node: ${edits} times the base path of an API is changed and, a moment later, that API deployed by REST; from that call to the first answer by the new route, asked for every millisecond. Then the same while another API is deployed every ${CHURN_MS} ms.`,
      rows: [row('alone', quiet), row('while others are deployed', churning)],
      figures: [
        {
          name: 'an edit among 3,000 APIs: first answer after, p99',
          value: percentile(quiet, 99),
          ...ms(250, 50),
        },
        {
          name: 'an edit while others are deployed: first answer after, p99',
          value: percentile(churning, 99),
          ...ms(375, 75),
        },
        { name: 'an edit: answers of a new route other than 404 and 200', value: portal.strange, ...none },
      ],
      leftOut: [],
    },
  ]
}

const ms = (gate: number, goal: number): Omit<Figure, 'name' | 'value'> => ({ unit: 'ms', gate, goal })
const none = { unit: '', gate: 0, goal: 0 }

function row(work: string, times: readonly number[]): Measured['rows'][number] {
  const values = { p50Ms: percentile(times, 50), p99Ms: percentile(times, 99) }
  return { proxy: 'Hexgate', work, values, rounds: times.map((time) => rounded(time, 0)) }
}

function percentile(times: readonly number[], percent: number): number {
  const sorted = times.toSorted((a, b) => a - b)
  return rounded(sorted[Math.ceil((sorted.length * percent) / 100) - 1] ?? Number.NaN, 0)
}

/** APIs as imports leave them, in one statement; the ids of their instances. */
async function addApis(product: Product, upstreamPort: number): Promise<string[]> {
  const client = await connectDatabase(product)
  const { rows } = await client.query<{ id: string }>(
    `WITH numbered AS (
       SELECT n, gen_random_uuid() AS api, gen_random_uuid() AS version, g.id AS gateway, g."organisationId" AS organisation
       FROM "Gateway" g, generate_series(1, $1::int) n),
     apis AS (
       INSERT INTO "Api" (id, "organisationId", name, title, "updatedAt")
       SELECT api, organisation, 'api-' || n, 'API ' || n, now() FROM numbered RETURNING id),
     versions AS (
       INSERT INTO "ApiVersion" (id, "organisationId", "apiId", label, "sourceFormat", definition, "definitionSha256",
         operations, servers, notes, "createdBy")
       SELECT version, organisation, api, '1.0.0', 'openapi-3.1', '{}', repeat('0', 64), '[]', '[]', '[]', 'bench'
       FROM numbered RETURNING id)
     INSERT INTO "ApiInstance" (id, "organisationId", "apiVersionId", "gatewayId", "basePath", "upstreamUrl", "updatedAt")
     SELECT gen_random_uuid(), organisation, version, gateway, '/api-' || n, $2, now() FROM numbered
     RETURNING id`,
    [ROUTES, `http://127.0.0.1:${upstreamPort}`],
  )
  await client.end()
  return rows.map(({ id }) => id)
}

/** Edits and deploys over REST, and looks at the gateway for what comes of it. */
class Portal {
  /** Answers that nobody should get. */
  strange = 0
  readonly #machine: Machine
  readonly #gateway: string
  readonly #gatewayId: string
  readonly #instances: string[]
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  #edits = 0

  constructor(machine: Machine, gateway: string, { id }: { id: string }, instances: readonly string[]) {
    this.#machine = machine
    this.#gateway = gateway
    this.#gatewayId = id
    this.#instances = [...instances]
  }

  async deployAll(): Promise<void> {
    await this.#deploy({}, await this.#head())
    const path = `${this.#gateway}/api-${ROUTES}/orders`
    await until('the first deployment is served', async () => (await fetch(path)).status === 200, 120_000)
  }

  /** Moves so many APIs, one after another; the milliseconds that each took. */
  async edit(count: number): Promise<number[]> {
    const times: number[] = []
    for (let done = 0; done < count; done++) {
      const instanceId = this.#next()
      const basePath = `/moved-${++this.#edits}`
      await this.#move(instanceId, basePath)
      // People look at what they have changed before they deploy it.
      await sleep(200)
      const head = await this.#head()
      const clickedAtMs = performance.now()
      const deploying = this.#deploy({ instanceId }, head)
      await this.#untilServed(basePath)
      times.push(performance.now() - clickedAtMs)
      await deploying
    }
    return times
  }

  /** Deploys another API again and again while something is done. */
  async whileOthersDeploy<T>(work: () => Promise<T>): Promise<T> {
    let isOver = false
    const churn = async () => {
      const instanceId = this.#next()
      for (let turn = 0; !isOver; turn++) {
        await this.#move(instanceId, `/churning-${turn}`)
        await this.#deploy({ instanceId }, await this.#head())
        await sleep(CHURN_MS)
      }
    }
    const churning = churn()
    const made = await work().finally(() => (isOver = true))
    await churning
    return made
  }

  #next(): string {
    const instanceId = this.#instances.pop()
    if (instanceId === undefined) throw new RangeError('every API has been moved')
    return instanceId
  }

  async #move(instanceId: string, basePath: string): Promise<void> {
    const operation = `/instances/${instanceId}`
    const { body, etag } = await this.#machine.must<Instance>('GET', operation)
    const { host, upstreamUrl, stripBasePath, enabled } = body
    await this.#machine.must('PUT', operation, {
      body: { host, basePath, upstreamUrl, stripBasePath, enabled },
      ...(etag === null ? {} : { ifMatch: etag }),
    })
  }

  async #head(): Promise<number> {
    return (await gatewayOf(this.#machine)).headRevision
  }

  /** Whoever comes second looks at the newest revision and tries again, as the page does. */
  async #deploy(wish: { instanceId?: string }, head: number): Promise<void> {
    const operation = `/gateways/${this.#gatewayId}/revisions`
    const body = { expectedHeadRevision: head, note: '', ...wish }
    const { status } = await this.#machine.call('POST', operation, { body })
    if (status === 409) return this.#deploy(wish, await this.#head())
    if (status !== 201) throw new Error(`a deployment is answered with ${status}`)
  }

  async #untilServed(basePath: string): Promise<void> {
    const endMs = performance.now() + 30_000
    for (;;) {
      const status = await this.#ask(`${basePath}/orders`)
      if (status === 200) return
      if (status !== 404) this.strange++
      if (performance.now() > endMs) throw new Error(`${basePath} is not served after 30 s`)
      await sleep(1)
    }
  }

  #ask(path: string): Promise<number> {
    return new Promise((resolve) => {
      const request = get(`${this.#gateway}${path}`, { agent: this.#agent }, (response) => {
        response.resume()
        response.once('end', () => resolve(response.statusCode ?? 0))
      })
      request.once('error', () => resolve(0))
    })
  }
}
