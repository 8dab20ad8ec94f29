import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { withFolderSettings } from './local.ts'
import { readOptions } from './options.ts'
import { closing, temporaryFolder } from './testing/world.ts'

const end = closing()

const documents = `apiVersion: gateway.mulesoft.com/v1alpha1
kind: ApiInstance
metadata: { name: orders }
spec:
  address: http://0.0.0.0:8081
  services: { upstream: { address: http://orders.internal } }
---
apiVersion: gateway.mulesoft.com/v1alpha1
kind: Configuration
metadata: { name: node }
spec:
  logging: { accessLogs: { enabled: false } }
  sharedStorage: { redis: { address: "cache.internal:6379", password: planted } }
`

async function optionsFor(text: string, ...args: string[]) {
  const folder = await temporaryFolder(end)
  await writeFile(join(folder, 'a.yaml'), text)
  const options = readOptions(['--local', folder, ...args], {})
  if (options === undefined) throw new Error('no options')
  return withFolderSettings(options)
}

describe('the options of a node that serves a folder', () => {
  afterEach(() => end.closeAll())

  it('take the shared store and the access log from its Configurations', async () => {
    const options = await optionsFor(documents)
    expect(options.sharedStore?.reveal()).toBe('redis://:planted@cache.internal:6379')
    expect(options.accessLog).toBe(false)
    expect(JSON.stringify(options)).not.toContain('planted')
  })

  it('come before what the folder says', async () => {
    const options = await optionsFor(documents, '--shared-store', 'redis://other:1')
    expect(options.sharedStore?.reveal()).toBe('redis://other:1')
  })

  it('are as they were where the folder is wrong, or says nothing', async () => {
    expect((await optionsFor('kind: Nothing\n')).sharedStore).toBeUndefined()
    expect(await optionsFor(documents.slice(0, documents.indexOf('---')))).toMatchObject({
      accessLog: true,
      sharedStore: undefined,
    })
  })
})
