import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createAuthority, type KeyAndCertificate } from '#gateway-runtime/testing/certificates.ts'
import { type Contender, compare, LOAD_CORE, type Rounds, requirePrograms, started } from './compare.ts'
import { gatewayCommand } from './gateway.ts'
import { haproxyWith, nginxWith, SMALL_ANSWER } from './peers.ts'
import { freePorts, isInstalled, type Processes, untilOpen } from './processes.ts'

/** A client certificate required, and TLS to the upstream with a certificate of our own: the same for every proxy. */

const PATH = '/tls/orders/7f1c'

interface Files {
  readonly folder: string
  readonly server: KeyAndCertificate
  readonly client: KeyAndCertificate
  readonly ca: string
}

async function certificates(parent: string): Promise<Files> {
  const authority = await createAuthority('Bench')
  const server = await authority.issue({ names: ['dns:localhost'], usage: 'server' })
  const client = await authority.issue({ names: ['uri:spiffe://bench.example/client'], usage: 'client' })
  const folder = join(parent, 'certificates')
  mkdirSync(folder)
  const files = {
    'ca.pem': authority.certificate,
    'server.pem': server.chain,
    'server-key.pem': server.key,
    'server-both.pem': server.chain + server.key,
    'client.pem': client.chain,
    'client-key.pem': client.key,
    'client-both.pem': client.chain + client.key,
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return { folder, server, client, ca: authority.certificate }
}

const inbound = ({ folder }: Files) => `ssl_certificate ${folder}/server.pem;
    ssl_certificate_key ${folder}/server-key.pem;
    ssl_client_certificate ${folder}/ca.pem;
    ssl_verify_client on;
    ssl_protocols TLSv1.2 TLSv1.3;`

function nginxUpstream(folder: string, port: number, files: Files): string[] {
  return nginxWith(
    folder,
    'tls-upstream',
    `keepalive_requests 100000000;
  server {
    listen 127.0.0.1:${port} ssl backlog=4096;
    ${inbound(files)}
    location / { default_type application/json; return 200 '${SMALL_ANSWER}'; }
  }`,
  ).command
}

function nginxProxy(folder: string, port: number, upstreamPort: number, files: Files): string[] {
  return nginxWith(
    folder,
    'tls-proxy',
    `upstream backend { server 127.0.0.1:${upstreamPort}; keepalive 128; keepalive_requests 100000000; }
  keepalive_requests 100000000;
  server {
    listen 127.0.0.1:${port} ssl backlog=4096;
    ${inbound(files)}
    location / {
      proxy_pass https://backend;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $host;
      proxy_ssl_certificate ${files.folder}/client.pem;
      proxy_ssl_certificate_key ${files.folder}/client-key.pem;
      proxy_ssl_trusted_certificate ${files.folder}/ca.pem;
      proxy_ssl_verify on;
      proxy_ssl_name localhost;
      proxy_ssl_server_name on;
    }
  }`,
  ).command
}

function haproxy(folder: string, port: number, upstreamPort: number, { folder: files }: Files): string[] {
  return haproxyWith(
    folder,
    'tls',
    `frontend in
  bind 127.0.0.1:${port} ssl crt ${files}/server-both.pem ca-file ${files}/ca.pem verify required
  default_backend out
backend out
  http-request set-header X-Forwarded-Proto https
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  server upstream 127.0.0.1:${upstreamPort} ssl crt ${files}/client-both.pem ca-file ${files}/ca.pem verify required sni str(localhost) verifyhost localhost
`,
  )
}

function documents(port: number, upstreamPort: number, { server, client, ca }: Files): string[] {
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const pair = (name: string, { chain, key }: KeyAndCertificate) => `apiVersion: v1
kind: Secret
metadata: { name: ${name} }
type: kubernetes.io/tls
data: { tls.crt: ${base64(chain)}, tls.key: ${base64(key)} }
`
  return [
    `apiVersion: gateway.mulesoft.com/v1alpha1
kind: ApiInstance
metadata: { name: tls }
spec:
  address: https://127.0.0.1:${port}/tls/
  tls:
    certificate: { secretName: server }
    clientValidation: { mode: STRICT, trustedCA: { secretName: ca } }
  services:
    upstream:
      address: "https://localhost:${upstreamPort}"
      tls:
        certificate: { secretName: client }
        trustedCA: { secretName: ca }
`,
    pair('server', server),
    pair('client', client),
    `apiVersion: v1
kind: Secret
metadata: { name: ca }
type: Opaque
data: { ca.crt: ${base64(ca)} }
`,
  ]
}

/** On connections that stay open, and on a new one for each request. */
export async function benchTls(processes: Processes, folder: string, rounds: Rounds): Promise<boolean> {
  requirePrograms(['taskset', 'nginx'])
  const files = await certificates(folder)
  const [upstreamPort = 0, nginxPort = 0, haproxyPort = 0, port = 0, adminPort = 0] = await freePorts(5)
  const upstream = processes.start('the upstream', LOAD_CORE, nginxUpstream(folder, upstreamPort, files))
  await untilOpen(upstream, upstreamPort)
  const nginxCommand = nginxProxy(folder, nginxPort, upstreamPort, files)
  const nginx = await started(processes, 'nginx', { command: nginxCommand }, nginxPort)
  const ourCommand = gatewayCommand(
    folder,
    'tls',
    { apis: documents(port, upstreamPort, files) },
    adminPort,
    rounds.profileFolder,
  )
  const ours = await started(processes, 'Hexgate', { command: ourCommand }, port)
  const other = isInstalled('haproxy')
    ? await started(
        processes,
        'HAProxy',
        { command: haproxy(folder, haproxyPort, upstreamPort, files) },
        haproxyPort,
      )
    : undefined
  const contenders = (work: string, fresh: boolean): [Contender, Contender, ...Contender[]] => {
    const of = (proxy: string, running: Contender['process'], at: number): Contender => ({
      proxy,
      work,
      process: running,
      load: {
        url: `https://127.0.0.1:${at}${PATH}`,
        connections: fresh ? 8 : 64,
        seconds: rounds.seconds,
        core: LOAD_CORE,
        tls: { folder: files.folder, fresh },
      },
    })
    const others = other === undefined ? [] : [of('HAProxy', other, haproxyPort)]
    return [of('nginx', nginx, nginxPort), of('Hexgate', ours, port), ...others]
  }
  const kept = contenders('GET, mTLS on both sides', false)
  const fresh = contenders('GET, a new mTLS connection each', true)
  const method =
    'Client certificates required (ECDSA P-256), TLS to the upstream with a client certificate, verification on both sides; GET with a 250-byte JSON answer; the load is a client in Node.'
  const one = await compare(
    {
      name: 'tls: kept connections',
      method,
      contenders: kept,
      gates: [{ name: 'mTLS both ways', of: kept[1], to: kept[0], gate: 1.5, goal: 1.15 }],
      warmUpRequests: 60_000,
    },
    rounds,
  )
  const two = await compare(
    {
      name: 'tls: new connections',
      method,
      contenders: fresh,
      gates: [{ name: 'a new connection each', of: fresh[1], to: fresh[0], gate: 1.3, goal: 1.15 }],
      warmUpRequests: 2_000,
    },
    rounds,
  )
  return one && two
}
