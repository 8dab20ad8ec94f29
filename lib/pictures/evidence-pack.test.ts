import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { unzipSync } from 'fflate'
import { describe, expect, it, onTestFinished } from 'vitest'
import { canonicalJson } from '#contract/manifest.ts'
import type { SignOff } from '#domain/sign-off.ts'
import { now } from '#domain/testing/certificates.ts'
import { madeUp } from '#domain/testing/made-up.ts'
import { type Evidence, evidencePack } from './evidence-pack.ts'
import { documentOf } from './export.ts'
import { sha256 } from './sha256.ts'

const hash = sha256('served')
const manifest = {
  gatewayId: 'g0',
  revision: 42,
  items: { 'api:a0': sha256('a0') },
  hash,
  publishedAt: now.toISOString(),
}
const signOff: SignOff = {
  id: 's1',
  gatewayId: 'g0',
  gatewayName: 'edge-0',
  hash,
  revision: 42,
  note: 'Looked at',
  at: now.toISOString(),
  by: 'Reviewer',
  objections: [],
}
const bytes = (text: string) => new TextEncoder().encode(text)
const evidence: Evidence = {
  document: documentOf('Acme', madeUp(3, { parties: 10, flows: 12 })),
  comparison: null,
  pictures: { svg: bytes('<svg/>'), pdf: bytes('%PDF') },
  revisions: [
    {
      gatewayName: 'edge-0',
      signed: { manifest, signature: 'signature', keyId: 'k1' },
      publicKey: 'PEM',
      by: 'Owner',
    },
  ],
  signOffs: [signOff],
  moment: 'Now, as deployed',
  asOf: now,
}

const read = (zip: Uint8Array, name: string) => JSON.parse(new TextDecoder().decode(unzipSync(zip)[name]))

describe('the evidence pack', () => {
  it('is the same bytes each time, in every time zone', () => {
    const first = Buffer.from(evidencePack(evidence))
    const zone = process.env['TZ']
    onTestFinished(() => {
      if (zone === undefined) delete process.env['TZ']
      else process.env['TZ'] = zone
    })
    for (const other of ['Pacific/Auckland', 'America/Los_Angeles']) {
      process.env['TZ'] = other
      expect(first.equals(evidencePack(structuredClone(evidence))), other).toBe(true)
    }
  })

  it('names every file with a hash that sha256sum finds again', async () => {
    const files = unzipSync(evidencePack(evidence))
    const folder = await mkdtemp(path.join(tmpdir(), 'evidence-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    for (const [name, content] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(folder, name)), { recursive: true })
      await writeFile(path.join(folder, name), content)
    }
    const checked = promisify(execFile)('sha256sum', ['--strict', '-c', 'SHA256SUMS'], { cwd: folder })
    const lines = (await checked).stdout.trim().split('\n')
    const all = Object.keys(files).filter((name) => name !== 'SHA256SUMS')
    expect(lines).toEqual(all.toSorted().map((name) => `${name}: OK`))
    const { files: named } = read(evidencePack(evidence), 'manifest.json')
    for (const name of all.filter((each) => each !== 'manifest.json'))
      expect(named[name], name).toBe(sha256(files[name] ?? ''))
  })

  it('has the revision of each gateway with its hash, and who answers for it', () => {
    const said = read(evidencePack(evidence), 'manifest.json')
    expect(said).toMatchObject({
      format: 'hexgate-evidence/1',
      organisation: 'Acme',
      of: 'Now, as deployed',
      asOf: now.toISOString(),
      topologyHash: evidence.document.hash,
      revisions: [
        {
          gateway: 'edge-0',
          revision: 42,
          hash,
          manifestSha256: sha256(canonicalJson(manifest)),
          signedOff: { by: 'Reviewer', note: 'Looked at' },
        },
      ],
    })
    expect(read(evidencePack(evidence), 'revisions/edge-0@42.json')).toMatchObject({
      manifest,
      signature: 'signature',
      publicKey: 'PEM',
    })
  })

  it('counts no sign-off that somebody objected to, none of another gateway and none of another hash', () => {
    const objected = {
      ...signOff,
      objections: [{ id: 'o', reason: 'No', at: now.toISOString(), by: 'Other' }],
    }
    for (const other of [objected, { ...signOff, gatewayId: 'g1' }, { ...signOff, hash: sha256('other') }]) {
      const pack = evidencePack({ ...evidence, signOffs: [other] })
      expect(read(pack, 'manifest.json').revisions[0].signedOff).toBeNull()
      expect(read(pack, 'sign-offs.json').signOffs).toEqual([other])
    }
  })

  it('has every finding as a row, and what certificates say of themselves', () => {
    const files = unzipSync(evidencePack(evidence))
    const { topology } = evidence.document
    const rows = new TextDecoder().decode(files['findings.csv']).trimEnd().split('\r\n')
    expect(rows).toHaveLength(topology.findings.length + 1)
    expect(read(evidencePack(evidence), 'certificates.json')).toEqual({
      contexts: topology.contexts,
      authorities: topology.authorities,
      certificates: topology.certificates,
    })
  })
})
