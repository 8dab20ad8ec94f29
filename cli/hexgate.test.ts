import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkReport } from '#lib/check/report.ts'

const program = path.join(import.meta.dirname, 'hexgate.mjs')
const zeroTrust = path.resolve(import.meta.dirname, '..', 'lib', 'check', 'testing', 'zero-trust.md')
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'hexgate-check-'))
})
afterAll(() => rm(folder, { recursive: true }))

interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

function hexgate(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { cwd: folder }, (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out, err }),
    )
  })
}

const plain = `apiVersion: gateway.mulesoft.com/v1alpha1
kind: ApiInstance
metadata: { name: basket, namespace: shop }
spec: { address: "http://0.0.0.0:8081", services: { up: { address: "http://stock:8080" } } }
`

describe('hexgate', { concurrent: true }, () => {
  it('ends with 1 where there is an error, and prints every finding by its file', async () => {
    const { code, out } = await hexgate('check', zeroTrust)
    expect(code).toBe(1)
    expect(out).toMatch(/^zero-trust\.md\n/)
    expect(out).toMatch(/ {2}\d+:\d+ error listener\.port-conflict: /)
  })

  it('ends with 0 where there are warnings alone, from the folder that it is called in', async () => {
    await writeFile(path.join(folder, 'basket.yaml'), plain)
    const { code, out } = await hexgate('check', 'basket.yaml', '--json')
    expect(code).toBe(0)
    const report = checkReport.parse(JSON.parse(out))
    expect(report.outcome).toBe('warnings')
    expect(report.findings.every(({ file }) => file === 'basket.yaml')).toBe(true)
  })

  it('ends with 2 where a document cannot be read', async () => {
    await writeFile(path.join(folder, 'wrong.yaml'), plain.replace('spec:', 'spec: ]'))
    const { code, out } = await hexgate('check', 'wrong.yaml')
    expect(code).toBe(2)
    expect(out).toMatch(/wrong\.yaml\n {2}4:\d+ cannot be read/)
  })

  it('prints NetworkPolicies that can be applied as they are', async () => {
    const { code, out } = await hexgate('network-policies', zeroTrust)
    expect(code).toBe(0)
    expect(out).toMatch(/^apiVersion: networking\.k8s\.io\/v1\nkind: NetworkPolicy\n/)
  })

  it.each([['check', 'nowhere'], ['check'], ['chek', '.'], ['check', '.', '--jsn']])(
    'ends with 2 and a word on what is wrong with the call',
    async (...args) => {
      const { code, err } = await hexgate(...args)
      expect(code).toBe(2)
      expect(err).not.toMatch(/\n\s+at /)
      expect(err.length).toBeGreaterThan(10)
    },
  )
})
