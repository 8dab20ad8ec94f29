import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { clock, SWEEP_MS } from './clock.ts'
import { eventually, type Gateway, ScriptedUpstream, startGateway } from './wire-fixture.ts'

/** Nobody has a deadline for longer than it takes to notice. */
async function rest(ms: number): Promise<void> {
  const member = { deadline: Infinity, expire: () => undefined }
  clock.add(member)
  clock.delete(member)
  const untilMs = performance.now() + 2 * SWEEP_MS + ms
  await eventually(() => performance.now() > untilMs)
}

describe('the clock', () => {
  it('counts a deadline from now on, however long nobody had one', async () => {
    await rest(200)
    const deadline = clock.after(1_000)
    expect(deadline).toBeGreaterThanOrEqual(performance.now() + 1_000)
  })
})

describe('the first client of a server that nobody has used for long', () => {
  const headTimeoutMs = 150
  let upstream: ScriptedUpstream | undefined
  let gateway: Gateway | undefined
  afterEach(async () => {
    await gateway?.stop()
    upstream?.stop()
  })

  it('has all the time that the others have', async () => {
    upstream = await new ScriptedUpstream().start()
    gateway = await startGateway({ upstreamPort: upstream.port, server: { limits: { headTimeoutMs } } })
    await rest(2 * headTimeoutMs)
    const socket = connect(gateway.port, '127.0.0.1')
    socket.resume()
    const beganMs = performance.now()
    await once(socket, 'close')
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(headTimeoutMs)
  })
})
