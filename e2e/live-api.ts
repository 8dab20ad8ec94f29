import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import type { Machine } from './machine.ts'

/** A name that no other test uses; it begins so that it stands first in lists that are in order of names. */
export function freshName(what: string): string {
  return `a-${what}-${randomUUID().slice(0, 6)}`
}

/** A small OpenAPI document whose operations the echo upstream answers. */
export function echoDocument(name: string, upstream: string): string {
  const operation = { responses: { 200: { description: 'What came in' } } }
  return JSON.stringify({
    openapi: '3.1.0',
    info: { title: name, version: '1.0.0' },
    servers: [{ url: upstream }],
    paths: {
      '/echo': { get: { ...operation, summary: 'Says what came in' }, post: operation },
      '/echo/{id}': { get: operation },
    },
  })
}

export interface LiveApi {
  name: string
  apiId: string
  instanceId: string
  /** Where the gateway answers for it, without a slash at the end. */
  url: string
}

/** An API that is imported, deployed and answers, made without the pages. */
export async function liveApi(machine: Machine, what: string, upstream: string): Promise<LiveApi> {
  const name = freshName(what)
  const body = {
    source: { text: echoDocument(name, upstream) },
    name,
    basePath: `/${name}`,
    upstreamUrl: upstream,
    deploy: true,
  }
  interface Outcome {
    apiId: string
    instanceId: string
    notDeployed: string | null
  }
  const made = (await machine.must<Outcome>('POST', '/apis', { body })).body
  expect(made.notDeployed).toBeNull()
  const { apiId, instanceId } = made
  const url = `${machine.gateway}/${name}`
  await untilStatus(`${url}/echo`, 200)
  return { name, apiId, instanceId, url }
}

/** Asks until the gateway answers so: a deployment reaches it within moments. */
export async function untilStatus(
  url: string,
  status: number,
  headers: Record<string, string> = {},
): Promise<void> {
  const ask = async () => {
    const response = await fetch(url, { headers })
    await response.arrayBuffer()
    return response.status
  }
  await expect.poll(ask, { timeout: 20_000, interval: 50, message: `status of ${url}` }).toBe(status)
}
