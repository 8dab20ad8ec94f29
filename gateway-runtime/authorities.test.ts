import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Authority, createAuthority } from './testing/certificates.ts'
import { runGateway } from './testing/process.ts'
import { closing, temporaryFolder, until } from './testing/world.ts'

const end = closing()
let folder: string
let files: { ours: string; theirs: string; none: string }

async function startUpstream(authority: Authority): Promise<string> {
  const { chain, key } = await authority.issue({ names: ['ip:127.0.0.1'], usage: 'server' })
  const server = createServer({ cert: chain, key }, (_request, response) => response.end('{}'))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  end.add(() => {
    server.closeAllConnections()
    server.close()
  })
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const instance = (name: string, address: string) => `apiVersion: gateway.mulesoft.com/v1alpha1
kind: ApiInstance
metadata:
  name: ${name}
spec:
  address: http://127.0.0.1:0/${name}
  services:
    upstream:
      address: ${address}
`

beforeEach(async () => {
  folder = await temporaryFolder(end)
  const [ours, theirs] = await Promise.all([createAuthority('Ours'), createAuthority('Theirs')])
  files = { ours: join(folder, 'ours.pem'), theirs: join(folder, 'theirs.pem'), none: join(folder, 'none') }
  await mkdir(join(folder, 'apis'))
  await mkdir(files.none)
  await writeFile(files.ours, ours.certificate)
  await writeFile(files.theirs, theirs.certificate)
  await writeFile(join(folder, 'apis', 'ours.yaml'), instance('ours', await startUpstream(ours)))
  await writeFile(join(folder, 'apis', 'theirs.yaml'), instance('theirs', await startUpstream(theirs)))
})
afterEach(() => end.closeAll())

/** A node in an environment of its own, and what came of a request to each of the two upstreams. */
async function answersWith(environment: Record<string, string>) {
  const args = ['--local', join(folder, 'apis'), '--allow-loopback-upstreams', '--admin-port', '0']
  const { process, output } = runGateway(args, { HEXGATE_WORKERS: '1', ...environment }, end)
  const port = () => /"ports":\[(\d+)\]/.exec(output())?.[1]
  await until('the node started', () => port() ?? process.exitCode !== null)
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port()}${path}`)
    const { code } = (await response.json()) as { code?: string }
    return code ?? response.status
  }
  return { ours: await get('/ours'), theirs: await get('/theirs'), output: output() }
}

// Each starts processes, which takes its time on a machine that does much else.
describe('upstreams for which no CA is named', { timeout: 120_000 }, () => {
  it('are judged by the store that SSL_CERT_FILE and SSL_CERT_DIR name', async () => {
    const answers = await answersWith({ SSL_CERT_FILE: files.ours, SSL_CERT_DIR: files.none })
    expect(answers).toMatchObject({ ours: 200, theirs: 'upstream_tls_untrusted' })
    expect(answers.output).toContain('"code":"node.authorities","from":"system","count":1')
  })

  it('are judged by what NODE_EXTRA_CA_CERTS adds as well', async () => {
    const environment = { SSL_CERT_FILE: files.ours, SSL_CERT_DIR: files.none }
    const answers = await answersWith({ ...environment, NODE_EXTRA_CA_CERTS: files.theirs })
    expect(answers).toMatchObject({ ours: 200, theirs: 200 })
  })

  it('are trusted by nobody where the store that was named holds no certificate', async () => {
    const environment = { SSL_CERT_FILE: join(folder, 'missing.pem'), SSL_CERT_DIR: files.none }
    const answers = await answersWith(environment)
    expect(answers).toMatchObject({ ours: 'upstream_tls_untrusted', theirs: 'upstream_tls_untrusted' })
    expect(answers.output).toContain('"code":"node.no-authorities","from":"nobody","count":0')
  })
})
