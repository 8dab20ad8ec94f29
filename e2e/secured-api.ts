import type { Authority, KeyAndCertificate } from '#gateway-runtime/testing/certificates.ts'
import { gatewayOf, replaceChain } from './gateway-view.ts'
import { echoDocument, freshName } from './live-api.ts'
import { type Machine, until } from './machine.ts'
import { askByTls } from './tls-client.ts'

/** An API behind mTLS whose certificate stands in a context, called by a consumer of the topology. */
export interface SecuredApi {
  name: string
  certificateId: string
  certificateName: string
  contextId: string
  port: number
}

interface Made {
  id: string
}

/** Adds a certificate with its key by REST; gives its id. */
export async function importCertificate(
  machine: Machine,
  name: string,
  { chain, key }: KeyAndCertificate,
): Promise<string> {
  const body = { source: 'import', name, kind: 'server', content: { text: chain + key } }
  return (await machine.must<Made>('POST', '/certificates', { body })).body.id
}

/** Makes all of it by REST and waits until the node serves it. */
export async function securedApi(
  machine: Machine,
  upstream: string,
  ca: Authority,
  server: KeyAndCertificate,
  client: KeyAndCertificate,
  port: number,
): Promise<SecuredApi> {
  const make = async (path: string, body: unknown) =>
    (await machine.must<Made>('POST', path, { body })).body.id
  const certificateName = freshName('edge')
  const certificateId = await importCertificate(machine, certificateName, server)
  const authorityId = await make('/authorities', {
    name: freshName('ca'),
    runBy: 'organisation',
    content: { text: ca.certificate },
  })
  const contextId = await make('/contexts', {
    name: freshName('context'),
    class: 'org-internal',
    authorityIds: [authorityId],
    keystoreId: certificateId,
  })
  const name = freshName('secured')
  const { id: gatewayId } = await gatewayOf(machine)
  const source = { text: echoDocument(name, upstream) }
  const exposed = { source, name, gatewayId, basePath: `/${name}`, upstreamUrl: upstream }
  const { instanceId } = (await machine.must<{ instanceId: string }>('POST', '/apis', { body: exposed })).body
  await replaceChain(machine, instanceId, [
    { kind: 'tls', config: { contextRef: contextId, mode: 'STRICT' } },
  ])
  const networkId = await make('/networks', {
    name: freshName('vpc'),
    class: 'org-internal',
    location: 'vpc',
  })
  const consumerId = await make('/parties', {
    name: freshName('shop'),
    kind: 'consumer',
    owner: 'organisation',
    networkId,
  })
  await make('/flows', { consumerId, apiId: instanceId })
  await listen(machine, port)
  await until('the listener answers', () =>
    askByTls(port, `/${name}/echo`, ca.certificate, client).then(
      ({ status }) => status === 200,
      () => false,
    ),
  )
  return { name, certificateId, certificateName, contextId, port }
}

/** Adds an https listener and deploys everything. */
async function listen(machine: Machine, port: number): Promise<void> {
  const { id, headRevision } = await gatewayOf(machine)
  const at = `/gateways/${id}`
  const { body, etag } = await machine.must<{ listeners: object[] }>('GET', at)
  const https = { id: freshName('https'), protocol: 'https', address: '127.0.0.1', port }
  await machine.must('PUT', `${at}/listeners`, {
    body: { listeners: [...body.listeners, https] },
    ...(etag ? { ifMatch: etag } : {}),
  })
  await machine.must('POST', `${at}/revisions`, { body: { expectedHeadRevision: headRevision, note: '' } })
}
