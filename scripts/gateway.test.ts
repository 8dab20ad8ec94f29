import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import net from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { fitting } from './gateway.ts'
import { freePort } from './ports.ts'

const servers: net.Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function listen(server: net.Server): Promise<number> {
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** A portal that says where the gateway of the key listens. */
async function portalNaming(port: number, httpsPort?: number): Promise<string> {
  const listeners = [
    { id: 'http', protocol: 'http', address: '127.0.0.1', port },
    ...(httpsPort === undefined
      ? []
      : [{ id: 'https', protocol: 'https', address: '127.0.0.1', port: httpsPort }]),
  ]
  const portal = createServer((request, response) => {
    const knows = request.headers.authorization === 'Bearer hgk_known'
    response.writeHead(knows ? 200 : 401, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ listeners }))
  })
  return `http://127.0.0.1:${await listen(portal)}`
}

const optionIn = (args: string[], option: string) => args[args.indexOf(`--${option}`) + 1]

describe('a node added by the pasted command', () => {
  it('takes another port than one that is taken on this machine', async () => {
    const taken = await listen(net.createServer())
    const portal = await portalNaming(taken)
    const added = await fitting(['--portal', portal, '--key', 'hgk_known'], {})
    expect(Number(optionIn(added, 'http-port'))).toBeGreaterThan(taken)
  })

  it('takes other ports for http and https each where theirs are taken', async () => {
    const [http, https] = [await listen(net.createServer()), await listen(net.createServer())]
    const portal = await portalNaming(http, https)
    const added = await fitting(['--portal', portal, '--key', 'hgk_known'], {})
    expect(Number(optionIn(added, 'http-port'))).toBeGreaterThan(http)
    expect(Number(optionIn(added, 'https-port'))).toBeGreaterThan(https)
  })

  it('takes the port that the configuration says where it is free', async () => {
    const portal = await portalNaming(await freePort())
    expect(await fitting(['--portal', portal, '--key', 'hgk_known'], {})).not.toContain('--http-port')
  })

  it('has a store of its own that is the same for the same key', async () => {
    const portal = await portalNaming(await freePort())
    const store = async (key: string) =>
      optionIn(await fitting(['--portal', portal, '--key', key], {}), 'data')
    expect(await store('hgk_known')).toBe(await store('hgk_known'))
    expect(await store('hgk_other')).not.toBe(await store('hgk_known'))
  })

  it('is left alone in what it was told, in local mode, and when the portal is away', async () => {
    expect(await fitting(['--local', 'folder'], {})).toEqual([])
    const told = ['--portal', 'http://127.0.0.1:1', '--key=hgk_x', '--data=d', '--admin-port', '1']
    expect(await fitting(told, {})).toEqual([])
  })
})
