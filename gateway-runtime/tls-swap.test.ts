import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Item } from '#contract/items.ts'
import { askOver, get } from './serve/tls/tls-fixture.ts'
import { type Authority, createAuthority, type KeyAndCertificate } from './testing/certificates.ts'
import { startServing } from './testing/data-plane.ts'
import { policy } from './testing/publisher.ts'
import { startRecordRelay } from './testing/record-relay.ts'
import { secureApi, tlsContext } from './testing/tls-items.ts'
import { closing, startUpstream } from './testing/world.ts'

/** A handshake is held in the midst of each of its records while the context that it began with is changed. */

const end = closing()
const host = 'shop.example'

interface Made {
  readonly old: Authority
  readonly fresh: Authority
  /** Of the first CA, another one of it, and of the second CA. */
  readonly leaves: readonly [KeyAndCertificate, KeyAndCertificate, KeyAndCertificate]
  readonly client: KeyAndCertificate
}

let made: Made
beforeEach(async () => {
  const [old, fresh] = await Promise.all([createAuthority('First CA'), createAuthority('Second CA')])
  const leafOf = (by: Authority) => by.issue({ names: [`dns:${host}`], usage: 'server' })
  const leaves = await Promise.all([leafOf(old), leafOf(old), leafOf(fresh)])
  made = { old, fresh, leaves, client: await old.issue({ usage: 'client' }) }
})
afterEach(() => end.closeAll())

type Change = (made: Made) => readonly [Item, Item]

const changes: readonly (readonly [string, Change])[] = [
  [
    'another leaf of the same CA',
    ({ old, leaves }) => [tlsContext('edge', [old], leaves[0]), tlsContext('edge', [old], leaves[1])],
  ],
  [
    'a second CA that is trusted',
    ({ old, fresh, leaves }) => [
      tlsContext('edge', [old], leaves[0]),
      tlsContext('edge', [old, fresh], leaves[0]),
    ],
  ],
  [
    'a leaf of the second CA',
    ({ old, fresh, leaves }) => [
      tlsContext('edge', [old, fresh], leaves[0]),
      tlsContext('edge', [old, fresh], leaves[2]),
    ],
  ],
  [
    'the client’s own CA dropped',
    ({ old, fresh, leaves }) => [
      tlsContext('edge', [old, fresh], leaves[2]),
      tlsContext('edge', [fresh], leaves[2]),
    ],
  ],
]

/** More than a connection has until its answer is there. */
const recordsMax = 40

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a handshake of %s', (version) => {
  it.each(changes)('ends well whenever there is %s', async (what, change) => {
    const upstream = await startUpstream('orders', end)
    const [before, after] = change(made)
    const inbound = policy('tls', { contextRef: 'edge' })
    const itemsWith = (context: Item) => secureApi(upstream, [inbound], context)
    const plane = await startServing(itemsWith(before), end)
    let heldAt = 0
    let seen = 0
    const port = await startRecordRelay(plane.port, end, async (record) => {
      seen = Math.max(seen, record)
      if (record === heldAt) await plane.serve(itemsWith(after))
      // What came so far is read before the rest of the record follows.
      await setImmediate()
    })
    const { old, fresh, client } = made
    const options = {
      ...{ host: '127.0.0.1', port, servername: host, ca: [old.certificate, fresh.certificate] },
      ...{ cert: client.chain, key: client.key, minVersion: version, maxVersion: version },
    }
    const answers: string[] = []
    for (; heldAt <= seen && heldAt < recordsMax; heldAt += 1) {
      await plane.serve(itemsWith(before))
      const { text, error } = await askOver(options, get(host, '/orders/1'))
      answers.push(error ?? text.slice(0, 12))
    }
    expect(answers.length).toBeGreaterThan(6)
    expect(answers.length).toBeLessThan(recordsMax)
    // The context is chosen when the hello is whole: whoever has said it by then comes in, and the others are told.
    const [whileHello, ...later] = answers
    expect(whileHello).toBe(/dropped/.test(what) ? 'HTTP/1.1 401' : 'HTTP/1.1 200')
    expect(new Set(later)).toEqual(new Set(['HTTP/1.1 200']))
  })
})
