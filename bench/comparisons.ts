import { makeCertificates } from './certificates.ts'
import { type Contender, compare } from './compare.ts'
import { contendersOf, leftOut, one, startProxies, startSink, startUpstream } from './contenders.ts'
import { makeCredentials } from './credentials.ts'
import { plainWork } from './peers/work.ts'
import type { Measured } from './results.ts'
import type { Setting } from './setting.ts'
import { MEBIBYTE } from './upstream.ts'

/** The pieces of work that proxies share, each beside those that can do it. */

const CONNECTIONS = 64
const manyApis = 10_000
const smallAnswer = `${CONNECTIONS} keep-alive connections; GET with a 250-byte JSON answer`
const checks = 'API key, rate limit, JWT, header edit'
const chainWord = `the chain is an API key, a rate limit, a JWT (RS256; the same token again, which Envoy and Hexgate know again and HAProxy verifies anew) and a header added to request and response`

/** Plain proxying, and a chain of policies. */
export async function benchProxy(setting: Setting): Promise<Measured[]> {
  const upstream = await startUpstream(setting)
  const plain = contendersOf(await startProxies(setting, upstream, plainWork), 'GET', {
    connections: CONNECTIONS,
  })
  const chainWork = { ...plainWork, chain: await makeCredentials() }
  const chain = contendersOf(await startProxies(setting, upstream, chainWork), `GET, ${checks}`, {
    connections: CONNECTIONS,
  })
  const nginx = one(plain, 'nginx')
  const sameRequests = unchecked(nginx, one(chain, 'Hexgate'))
  const comparison = {
    name: 'proxy',
    method: `${smallAnswer}; no proxy writes an access log; ${chainWord}.`,
    contenders: [...plain, sameRequests, ...chain],
    gates: [
      { name: 'plain proxying', of: one(plain, 'Hexgate'), to: nginx, gate: 1.5, goal: 1.15 },
      {
        name: checks,
        of: one(chain, 'Hexgate'),
        to: sameRequests,
        than: 'nginx without them',
        gate: 1.7,
        goal: 1.25,
      },
    ],
    leftOut,
  }
  return [await compare(comparison, setting)]
}

/** A proxy that passes on what another one is asked, key and token included, and looks at none of it. */
function unchecked(proxy: Contender, { load }: Contender): Contender {
  const headers = load.headers
  return {
    ...proxy,
    work: `${proxy.work}, key and token passed on unchecked`,
    load: { ...proxy.load, headers },
  }
}

/** A JSON access log and request ids; and all of it: the chain and ten thousand APIs as well. */
export async function benchLog(setting: Setting): Promise<Measured[]> {
  const upstream = await startUpstream(setting)
  const logging = { ...plainWork, accessLog: true }
  const logged = contendersOf(await startProxies(setting, upstream, logging), 'GET, JSON access log', {
    connections: CONNECTIONS,
  })
  const everything = { ...logging, chain: await makeCredentials(), apis: manyApis }
  const label = `GET, ${checks}, JSON access log, 10,000 APIs`
  const all = contendersOf(await startProxies(setting, upstream, everything), label, {
    connections: CONNECTIONS,
  })
  const sameRequests = unchecked(one(logged, 'nginx'), one(all, 'Hexgate'))
  const comparison = {
    name: 'log',
    method: `${smallAnswer}; access logs as lines of JSON in files, with request ids; ${chainWord}.`,
    contenders: [...logged, sameRequests, ...all],
    gates: [
      {
        name: 'all of it',
        of: one(all, 'Hexgate'),
        to: sameRequests,
        than: 'nginx that logs',
        gate: 1.8,
        goal: 1.3,
      },
    ],
    leftOut,
  }
  return [await compare(comparison, setting)]
}

/** One API among ten thousand, and one among ten. */
export async function benchRoutes(setting: Setting): Promise<Measured[]> {
  const upstream = await startUpstream(setting)
  const among = async (apis: number) =>
    contendersOf(
      await startProxies(setting, upstream, { ...plainWork, apis }),
      `GET, one of ${apis.toLocaleString('en')} APIs`,
      { connections: CONNECTIONS },
    )
  const few = await among(10)
  const many = await among(manyApis)
  const comparison = {
    name: 'routes',
    method: `${smallAnswer}; Envoy has its routes in a tree, not in a list.`,
    contenders: [...few, ...many],
    gates: [
      {
        name: '10,000 APIs against 10',
        of: one(many, 'Hexgate'),
        to: one(few, 'Hexgate'),
        than: 'with 10 APIs',
        gate: 1.1,
        goal: 1.05,
      },
    ],
    leftOut,
  }
  return [await compare(comparison, setting)]
}

/** A client certificate required, and TLS to the upstream with a certificate of our own. */
export async function benchTls(setting: Setting): Promise<Measured[]> {
  const tls = await makeCertificates(setting.folder)
  const started = await startProxies(setting, await startUpstream(setting, tls), { ...plainWork, tls })
  const kinds = [
    {
      work: 'GET, mTLS on both sides',
      fresh: false,
      connections: CONNECTIONS,
      gate: 1.5,
      warmUpRequests: 60_000,
    },
    {
      work: 'GET, a new mTLS connection each',
      fresh: true,
      connections: 8,
      gate: 1.3,
      warmUpRequests: 2_000,
    },
  ]
  const measured: Measured[] = []
  for (const { work, fresh, connections, gate, warmUpRequests } of kinds) {
    const contenders = contendersOf(started, work, { connections, tls: { folder: tls.folder, fresh } })
    const comparison = {
      name: fresh ? 'tls: new connections' : 'tls: kept connections',
      method: `${connections} connections, ${fresh ? 'a new one for each request' : 'kept'}; client certificates required (ECDSA P-256), TLS to the upstream with a client certificate, verification on both sides; GET with a 250-byte JSON answer; the load is a client in Node.`,
      contenders,
      gates: [{ name: work, of: one(contenders, 'Hexgate'), to: one(contenders, 'nginx'), gate, goal: 1.15 }],
      leftOut,
      warmUpRequests,
    }
    measured.push(await compare(comparison, setting))
  }
  return measured
}

/** Bodies of a kilobyte and of a mebibyte, both ways, beside the others with their own defaults. */
export async function benchBodies(setting: Setting): Promise<Measured[]> {
  const started = await startProxies(setting, await startUpstream(setting), plainWork)
  const taking = await startProxies(setting, await startSink(setting), plainWork)
  const small = { body: 1_024, connections: CONNECTIONS }
  const kinds = [
    { work: 'POST of 1 kB', by: started, load: small, gate: 1.5, goal: 1.15 },
    { work: 'GET of 1 MiB', by: started, load: { rest: '/large', connections: 16 }, gate: 1, goal: 0.6 },
    { work: 'POST of 1 MiB', by: taking, load: { body: MEBIBYTE, connections: 16 }, gate: 1, goal: 0.6 },
  ]
  const measured: Measured[] = []
  for (const { work, by, load, gate, goal } of kinds) {
    const contenders = contendersOf(by, work, load)
    const comparison = {
      name: `bodies: ${work}`,
      method: `${load.connections} keep-alive connections; every proxy with its default buffers; the upstream answers when it has all of a body.`,
      contenders,
      gates: [{ name: work, of: one(contenders, 'Hexgate'), to: one(contenders, 'nginx'), gate, goal }],
      leftOut,
      warmUpRequests: 3_000,
    }
    measured.push(await compare(comparison, setting))
  }
  return measured
}
