import { type ChildProcess, spawnSync } from 'node:child_process'
import { Agent, get as httpGet } from 'node:http'
import { createServer } from 'node:net'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TestPortal } from './testing/portal.ts'
import { type GatewayProcess, runGateway } from './testing/process.ts'
import { oneApi, Publisher } from './testing/publisher.ts'
import { closing, startUpstream, temporaryFolder, until } from './testing/world.ts'

const end = closing()
let portal: TestPortal
let upstream: string
let data: string

/** A port that nobody listens on. */
async function freePort(): Promise<string> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  return String(typeof address === 'object' && address !== null ? address.port : 0)
}

function run(
  args: readonly string[],
  environment: Record<string, string> = {},
  within: readonly string[] = [],
): GatewayProcess {
  return runGateway(args, environment, end, within)
}

/** How large files of a running process may become. */
function limitFiles({ pid }: ChildProcess, bytes: string): void {
  const args = ['--pid', `${pid}`, `--fsize=${bytes}:`]
  const { status, stderr } = spawnSync('prlimit', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`prlimit: ${stderr}`)
}

/** A node on ports that the system chose; it says which. */
async function startNode(port = '0', workers = '1', within: readonly string[] = []) {
  const ports = ['--http-port', port, '--admin-port', '0', '--workers', workers]
  const environment = {
    HEXGATE_PORTAL: portal.url,
    HEXGATE_GATEWAY_KEY: 'hgk_test',
    HEXGATE_DRAIN_MS: '3000',
    // Whoever comes once it drains is turned away at once; tests of rolling restarts are elsewhere.
    HEXGATE_DRAIN_GRACE_MS: '0',
  }
  const child = run(['--data', data, ...ports, '--allow-loopback-upstreams'], environment, within)
  const adminPort = () => /"adminPort":(\d+)/.exec(child.output())?.[1]
  await until('the node started', () => adminPort() ?? child.process.exitCode !== null)
  const admin = `http://127.0.0.1:${adminPort()}`
  let http = 0
  const ready = async () => {
    await until('the node ready', async () => (await fetch(`${admin}/ready`)).ok)
    const { ports } = (await (await fetch(`${admin}/config`)).json()) as { ports: number[] }
    http = ports[0] ?? 0
  }
  const get = (path: string) =>
    fetch(`http://127.0.0.1:${http}${path}`, { headers: { connection: 'close' } }).then(
      (response) => response.status,
      () => 0,
    )
  return { ...child, admin, ready, get, http: () => http }
}

beforeEach(async () => {
  portal = new TestPortal(new Publisher())
  await portal.start()
  end.add(() => portal.stop())
  upstream = await startUpstream('orders', end)
  data = await temporaryFolder(end)
})
afterEach(() => end.closeAll())

// Each starts processes, which takes its time on a machine that does much else.
describe('the gateway-runtime process', { timeout: 120_000 }, () => {
  it('killed with -9 and started again while the portal is away, it serves from its store', async () => {
    portal.publish(1, oneApi(upstream))
    const first = await startNode()
    await first.ready()
    expect(await first.get('/orders')).toBe(200)
    // What is acknowledged is on the disk; what only serves may not be yet.
    await until('the acknowledgement', () => portal.acknowledgements.length === 1)
    await portal.stop()
    first.process.kill('SIGKILL')
    await first.exit
    const second = await startNode()
    await second.ready()
    expect(await second.get('/orders')).toBe(200)
    expect(second.output()).toContain('serving revision 1 from the store')
    await portal.start()
    await until('a hello after the portal came back', () => portal.hellos.length === 2)
    portal.publish(2, oneApi(upstream, { basePath: '/v2' }))
    await until('the new revision served', async () => (await second.get('/v2')) === 200)
  })

  it.each(['1', '2'])('killed with -9, its %s workers leave the port to the next one', async (workers) => {
    portal.publish(1, oneApi(upstream))
    const first = await startNode('0', workers)
    await first.ready()
    await until('the acknowledgement', () => portal.acknowledgements.length === 1)
    expect(await first.get('/orders')).toBe(200)
    first.process.kill('SIGKILL')
    await first.exit
    await until('nobody answers', async () => (await first.get('/orders')) === 0)
    const second = await startNode(String(first.http()), workers)
    await second.ready()
    expect(second.http()).toBe(first.http())
    expect(await second.get('/orders')).toBe(200)
  })

  it('killed with -9 in the middle of publications, it comes back with one of them, whole', async () => {
    portal.publish(1, oneApi(upstream))
    const first = await startNode()
    await first.ready()
    for (let revision = 2; revision <= 40; revision++)
      portal.publish(revision, oneApi(upstream, { basePath: `/r${revision}` }))
    await until('some applied', () => portal.acknowledgements.length >= 5)
    first.process.kill('SIGKILL')
    await first.exit
    const known = portal.acknowledgements.at(-1)?.revision ?? 0
    await portal.stop()
    const second = await startNode()
    await second.ready()
    const served: number[] = []
    for (let revision = 1; revision <= 40; revision++) {
      if ((await second.get(revision === 1 ? '/orders' : `/r${revision}`)) === 200) served.push(revision)
    }
    expect(served).toHaveLength(1)
    expect(served[0]).toBeGreaterThanOrEqual(known)
  })

  it('on SIGTERM it is not ready, lets a running request finish, and ends with 0', async () => {
    const slow = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => {
        arrived = true
        release = () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone')
      })
    })
    let arrived = false
    let release = () => {}
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve))
    end.add(() => slow.close())
    const address = slow.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    portal.publish(1, oneApi(`http://127.0.0.1:${port}`))
    const node = await startNode()
    await node.ready()
    const answer = new Promise<string>((resolve, reject) => {
      httpGet({ port: node.http(), host: '127.0.0.1', path: '/orders', agent: new Agent() }, (response) => {
        let body = ''
        response.on('data', (chunk: Buffer) => (body += chunk.toString()))
        response.on('end', () => resolve(`${response.statusCode} ${body}`))
        response.on('error', reject)
      }).on('error', reject)
    })
    await until('the request at the upstream', () => arrived)
    node.process.kill('SIGTERM')
    // As a terminal and a parent both pass it on.
    node.process.kill('SIGINT')
    await until('draining', () => node.output().includes('draining after SIG'))
    const ready = await fetch(`${node.admin}/ready`)
    expect(ready.status).toBe(503)
    expect(await ready.json()).toMatchObject({ reason: 'the node is draining' })
    expect(await node.get('/orders')).toBe(0)
    release()
    expect(await answer).toBe('200 done')
    expect(await node.exit).toBe(0)
  })

  it('ends with one clear line when a port is taken, the arguments are wrong or the folder is in use', async () => {
    const blocker = createServer()
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve))
    end.add(() => blocker.close())
    const address = blocker.address()
    const taken = String(typeof address === 'object' && address !== null ? address.port : 0)
    const portalArgs = ['--portal', portal.url, '--key', 'hgk_test', '--data', data]
    const admin = run([...portalArgs, '--admin-port', taken])
    expect(await admin.exit).toBe(1)
    expect(admin.output()).toBe(
      `gateway-runtime: the admin port ${taken} at 127.0.0.1 is in use by another process\n`,
    )
    const http = run([
      ...portalArgs,
      '--admin-port',
      '0',
      '--http-address',
      '127.0.0.1',
      '--http-port',
      taken,
    ])
    expect(await http.exit).toBe(1)
    expect(http.output()).toBe(`gateway-runtime: port ${taken} at 127.0.0.1 is in use by another process\n`)
    const wrong = run(['--colour'])
    expect(await wrong.exit).toBe(2)
    expect(wrong.output()).toMatch(/^gateway-runtime: Unknown option '--colour'. See --help.\n$/)
    portal.publish(1, oneApi(upstream))
    await (await startNode()).ready()
    const second = run([...portalArgs, '--admin-port', '0'])
    expect(await second.exit).toBe(1)
    expect(second.output()).toContain('is in use by another gateway-runtime')
  })

  it('with a full disk under its store it serves what comes, says so, and comes back with what it had', async () => {
    portal.publish(1, oneApi(upstream))
    const node = await startNode()
    await node.ready()
    await until('the first is kept', () => portal.acknowledgements.length === 1)
    const generations = () => readdir(join(data, 'generations'))
    const kept = await generations()
    // No file of the control process may grow from now on.
    limitFiles(node.process, '0')
    portal.publish(2, oneApi(upstream, { basePath: '/second' }))
    await until('the second is served', () => portal.acknowledgements.length === 2)
    expect(portal.acknowledgements[1]).toMatchObject({ status: 'applied', revision: 2, persisted: false })
    expect(await node.get('/second')).toBe(200)
    expect(await generations()).toEqual(kept)
    const { problems } = (await (await fetch(`${node.admin}/healthy`)).json()) as { problems: string[] }
    expect(problems).toContain('revision 2 could not be kept for a restart')
    expect(await (await fetch(`${node.admin}/metrics`)).text()).toContain('\nhexgate_config_persisted 0\n')
    await portal.stop()
    node.process.kill('SIGKILL')
    await node.exit
    // The disk is full when it comes back, too.
    const second = await startNode('0', '1', ['sh', '-c', 'ulimit -S -f 0; exec "$@"', 'sh'])
    await second.ready()
    expect(await second.get('/orders')).toBe(200)
    await portal.start()
    limitFiles(second.process, 'unlimited')
    portal.publish(3, oneApi(upstream, { basePath: '/third' }))
    await until('the third is kept', () =>
      portal.acknowledgements.some((one) => one.status === 'applied' && one.revision === 3 && one.persisted),
    )
    expect(await second.get('/third')).toBe(200)
  })

  it('with a full disk under its log it serves on, counts what is lost, and ends as ever', async () => {
    portal.publish(1, oneApi(upstream))
    const ports = ['--http-port', await freePort(), '--admin-port', await freePort(), '--workers', '1']
    const args = ['--portal', portal.url, '--key', 'hgk_test', '--data', data, '--allow-loopback-upstreams']
    const node = run([...args, ...ports], {}, ['sh', '-c', 'exec "$@" >/dev/full', 'sh'])
    const ask = (port: string | undefined, path: string) => fetch(`http://127.0.0.1:${port}${path}`)
    await until('the node ready', async () => (await ask(ports[3], '/ready').catch(() => undefined))?.ok)
    for (let count = 0; count < 20; count++) expect((await ask(ports[1], '/orders')).status).toBe(200)
    await until('lines that were lost', async () =>
      /^hexgate_access_log_dropped_lines_total [1-9]/m.test(await (await ask(ports[3], '/metrics')).text()),
    )
    node.process.kill('SIGTERM')
    expect(await node.exit).toBe(0)
    expect(node.output()).toBe('')
  })

  it('says whether a folder is right without serving it', async () => {
    await writeFile(join(data, 'a.yaml'), 'kind: Extension\n')
    const wrong = run(['--local', data, '--validate'])
    expect(await wrong.exit).toBe(1)
    expect(wrong.output()).toBe(
      'a.yaml:1:7: Extension is not supported: extensions bring code of their own, which this gateway does not load; use a policy that it has (/kind)\n',
    )
    const instance = `apiVersion: gateway.mulesoft.com/v1alpha1
kind: ApiInstance
metadata: { name: orders }
spec:
  address: http://0.0.0.0:8081
  services: { upstream: { address: http://orders.internal } }
`
    await writeFile(join(data, 'a.yaml'), instance)
    const right = run(['--local', data, '--validate'])
    expect(await right.exit).toBe(0)
    expect(right.output()).toBe(`${data} is right: 3 items\n`)
  })
})
