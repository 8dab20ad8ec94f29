import net from 'node:net'
import { describe, expect, it } from 'vitest'
import { freePort, requireFree } from './ports.ts'

describe('a port that the start needs', () => {
  it('is refused in one line that names its use and its option when something listens there', async () => {
    const other = net.createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as net.AddressInfo
    const wanted = `Port ${port} (portal) is taken. Stop what listens there, or choose another with --port.`
    await expect(requireFree(port, '127.0.0.1', 'portal', '--port')).rejects.toThrow(wanted)
    await expect(requireFree(port, '0.0.0.0', 'portal', '--port')).rejects.toThrow(wanted)
    other.close()
  })

  it('is taken when nobody does', async () => {
    await expect(requireFree(await freePort(), '127.0.0.1', 'portal', '--port')).resolves.toBeUndefined()
  })

  it('names an address that this machine does not have', async () => {
    const refused = requireFree(await freePort(), '192.0.2.1', 'portal', '--port')
    await expect(refused).rejects.toThrow(/192\.0\.2\.1 .* is not one of this machine/)
  })
})
