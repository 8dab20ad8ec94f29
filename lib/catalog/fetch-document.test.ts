import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { fetchDocument } from './fetch-document.ts'

const servers: (() => void)[] = []
afterEach(() => {
  for (const close of servers.splice(0)) close()
})

async function serve(listener: RequestListener): Promise<{ url: string; port: number; hits: string[] }> {
  const hits: string[] = []
  const server = createServer((request, response) => {
    hits.push(request.url ?? '')
    listener(request, response)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  servers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, port, hits }
}

const open = { allowPrivate: true }
const closed = { allowPrivate: false }

describe('a document by its address', () => {
  it('is read', async () => {
    const { url } = await serve((_request, response) => response.end('openapi: 3.0.3'))
    expect(await fetchDocument(`${url}/api.yaml`, open)).toBe('openapi: 3.0.3')
  })

  it('is read in UTF-16 with a byte order mark', async () => {
    const bytes = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('openapi: 3.0.3', 'utf16le')])
    const { url } = await serve((_request, response) => response.end(bytes))
    expect(await fetchDocument(url, open)).toBe('openapi: 3.0.3')
  })

  it('is read through a redirect', async () => {
    const { url } = await serve((request, response) => {
      if (request.url === '/old') response.writeHead(302, { location: '/new' }).end()
      else response.end('here')
    })
    expect(await fetchDocument(`${url}/old`, open)).toBe('here')
  })

  const everyLoopback = [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '[::1]',
    '[::ffff:127.0.0.1]',
    'localhost',
  ]
  it.each(everyLoopback)('is never asked for at %s, however it is spelt', async (host) => {
    const { port, hits } = await serve((_request, response) => response.end('secret'))
    await expect(fetchDocument(`http://${host}:${port}/`, closed)).rejects.toMatchObject({
      code: 'api.definition-unreachable',
      message: expect.stringContaining('loopback'),
    })
    expect(hits).toEqual([])
  })

  it('is never asked for at a name that resolves to this machine', async () => {
    // The machine's own hosts file gives this name a loopback address.
    const { port, hits } = await serve((_request, response) => response.end('secret'))
    const refusal = fetchDocument(`http://LOCALHOST.:${port}/`, closed)
    await expect(refusal).rejects.toMatchObject({ code: 'api.definition-unreachable' })
    expect(hits).toEqual([])
  })

  const never = [
    ['http://169.254.169.254/latest/meta-data/', /metadata/],
    ['http://metadata.google.internal/', /metadata/],
    ['http://[fd00:ec2::254]/', /metadata/],
    ['http://169.254.1.1/', /link-local/],
    ['http://0.0.0.0/', /unspecified/],
    ['http://224.0.0.1/', /multicast/],
    ['file:///etc/passwd', /file:/],
    ['gopher://example.com/', /gopher:/],
    ['data:text/plain,openapi', /data:/],
    ['http://user:secret@example.com/', /user name/],
    ['nonsense', /not an address/],
  ] as const
  it.each(never)('%s is refused even where private addresses are allowed', async (address, reason) => {
    await expect(fetchDocument(address, open)).rejects.toMatchObject({
      code: 'api.definition-unreachable',
      message: expect.stringMatching(reason),
    })
  })

  it('is refused when a redirect leads to a forbidden address', async () => {
    const { url } = await serve((_request, response) =>
      response.writeHead(302, { location: 'http://169.254.169.254/latest/' }).end(),
    )
    await expect(fetchDocument(url, open)).rejects.toMatchObject({
      message: expect.stringMatching(/metadata/),
    })
  })

  it('is refused after too many redirects', async () => {
    const { url, hits } = await serve((_request, response) =>
      response.writeHead(302, { location: '/again' }).end(),
    )
    await expect(fetchDocument(url, open)).rejects.toMatchObject({
      message: expect.stringMatching(/redirects/),
    })
    expect(hits).toHaveLength(4)
  })

  it('is refused when it is too large, without reading on', async () => {
    const { url } = await serve((_request, response) => {
      const more = () => {
        while (response.write('x'.repeat(65_536)));
      }
      response.on('drain', more)
      more()
    })
    const refusal = fetchDocument(url, { ...open, bytesMax: 100_000 })
    await expect(refusal).rejects.toMatchObject({ message: expect.stringMatching(/larger than 100,000/) })
  })

  it('is refused when it takes too long', async () => {
    const { url } = await serve((_request, response) => response.write('openapi'))
    const refusal = fetchDocument(url, { ...open, deadlineMs: 200 })
    await expect(refusal).rejects.toMatchObject({ message: 'It takes too long to answer.' })
  })

  it('is refused when it is compressed or no text', async () => {
    const { url } = await serve((request, response) => {
      if (request.url === '/gzip') response.setHeader('content-encoding', 'gzip')
      response.end(Buffer.from([0x1f, 0x8b, 0x08]))
    })
    await expect(fetchDocument(`${url}/gzip`, open)).rejects.toMatchObject({
      message: expect.stringMatching(/compressed/),
    })
    await expect(fetchDocument(url, open)).rejects.toMatchObject({ message: expect.stringMatching(/UTF-8/) })
  })

  it('says what the other side answered, and when nobody listens', async () => {
    const { url } = await serve((_request, response) => response.writeHead(403).end())
    await expect(fetchDocument(url, open)).rejects.toMatchObject({ message: expect.stringContaining('403') })
    await expect(fetchDocument('http://127.0.0.1:1/', open)).rejects.toMatchObject({
      message: 'Nobody listens at that address.',
    })
  })
})
