import { hash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { resolveChain } from '#policies/chain.ts'
import { config } from './events.ts'
import { upstreamNames } from './items.ts'
import { canonicalJson } from './manifest.ts'

/** What earlier versions put on the wire, as they did it. A portal and its nodes are not renewed at one moment. */

const folder = path.join(import.meta.dirname, 'fixtures')
const files = await readdir(folder)

describe.each(files)('%s', (file) => {
  it('is still understood, and its items are still what their hashes say', async () => {
    const given: unknown = JSON.parse(await readFile(path.join(folder, file), 'utf8'))
    const { signed, items } = config.parse(given)
    expect(Object.keys(items).toSorted()).toEqual(Object.values(signed.manifest.items).toSorted())
    for (const [name, item] of Object.entries(items)) expect(hash('sha256', canonicalJson(item))).toBe(name)
  })

  it('has policies whose configurations still mean something', async () => {
    const { items } = config.parse(JSON.parse(await readFile(path.join(folder, file), 'utf8')))
    const apis = Object.values(items).flatMap((item) => (item.kind === 'api' ? [item] : []))
    expect(apis.length).toBeGreaterThan(0)
    for (const api of apis) expect(resolveChain(api.policies, upstreamNames(api))).toMatchObject({ ok: true })
  })
})
