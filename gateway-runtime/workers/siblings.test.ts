import { Agent, createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { canonicalJson } from '#contract/manifest.ts'
import { sha256 } from '../ports.ts'
import { oneApi, policy } from '../testing/publisher.ts'
import { closing, until } from '../testing/world.ts'
import { Fleet } from './fleet.ts'

const end = closing()
afterEach(() => end.closeAll())

/** One request on a connection of its own, so that either worker may get it. */
function ask(port: number | undefined, method: string): Promise<{ body: string; isHit: boolean }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, method, path: '/orders', agent: new Agent() })
    request.on('error', reject).on('response', (response) => {
      let body = ''
      response.on('data', (chunk: Buffer) => (body += chunk.toString()))
      response.on('end', () => resolve({ body, isHit: response.headers['cache-status'] !== undefined }))
    })
    request.end()
  })
}

describe('the workers of a node that cache', { timeout: 60_000 }, () => {
  it('all forget what a request to one of them has changed', async () => {
    let value = 'before'
    const upstream = createServer((request, response) => {
      if (request.method === 'PUT') value = 'after'
      response.setHeader('cache-control', 'max-age=600').end(value)
    })
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
    end.add(() => {
      upstream.closeAllConnections()
      upstream.close()
    })
    const options = { trustedHops: 0, allowLoopback: true, accessLog: false, override: {} }
    const silent = { event: () => undefined, log: () => undefined }
    const fleet = await Fleet.open(2, options, silent, 1_000)
    end.add(() => fleet.drain(0))
    const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
    const items = oneApi(url, { policies: [policy('http-caching')] })
    await fleet.serve(new Map(items.map((item) => [item.id, { hash: sha256(canonicalJson(item)), item }])))
    const [port] = fleet.ports
    const many = (count: number) => Promise.all(Array.from({ length: count }, () => ask(port, 'GET')))
    await until('both have it', async () => (await many(40)).every(({ isHit }) => isHit))
    await ask(port, 'PUT')
    await until(
      'none answers from before',
      async () => (await many(40)).every(({ body }) => body === 'after'),
      5_000,
    )
    expect((await many(40)).every(({ isHit }) => isHit)).toBe(true)
  })
})
