import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import type { Addresses } from './product.ts'

const clients = z.object({
  portal: z.object({ id: z.string(), secret: z.string() }),
  pipeline: z.object({ id: z.string(), secret: z.string() }),
})

/** The clients of the bundled provider. */
export async function clientsOf({ dataFolder }: Addresses): Promise<z.infer<typeof clients>> {
  return clients.parse(JSON.parse(await readFile(path.join(dataFolder, 'sts', 'clients.json'), 'utf8')))
}

export interface Answer<T> {
  status: number
  etag: string | null
  body: T
}

/** A pipeline that works the portal over REST with a token of its own, as no person does. */
export class Machine {
  readonly #origin: string
  /** Where the gateway of that product answers. */
  readonly gateway: string
  readonly token: string

  private constructor({ portal, gateway }: Addresses, token: string) {
    this.#origin = portal
    this.gateway = gateway
    this.token = token
  }

  /** Asks the provider for a token by client credentials. */
  static async at(product: Addresses): Promise<Machine> {
    const { id, secret } = (await clientsOf(product)).pipeline
    const response = await fetch(`${product.sts}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'api.read api.write' }),
    })
    const { access_token: token } = z.object({ access_token: z.string() }).parse(await response.json())
    return new Machine(product, token)
  }

  /** Calls an operation; the caller says what its answer is. */
  async call<T>(
    method: string,
    operation: string,
    { body, ifMatch }: { body?: unknown; ifMatch?: string } = {},
  ): Promise<Answer<T>> {
    const response = await fetch(`${this.#origin}/api/v1${operation}`, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    // The tests that use it look at the members that they name.
    return {
      status: response.status,
      etag: response.headers.get('etag'),
      body: (text === '' ? undefined : JSON.parse(text)) as T,
    }
  }

  /** Like `call`, for what must succeed. */
  async must<T>(
    method: string,
    operation: string,
    wish: { body?: unknown; ifMatch?: string } = {},
  ): Promise<Answer<T>> {
    const answer = await this.call<T>(method, operation, wish)
    if (answer.status >= 300)
      throw new Error(`${method} ${operation}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer
  }
}

/** Waits until something holds. */
export async function until(what: string, holds: () => Promise<boolean>, withinMs = 30_000): Promise<void> {
  const deadline = Date.now() + withinMs
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not in time: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
