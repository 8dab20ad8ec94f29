import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { escapes, floorFaults } from './floors.ts'

describe('the floors', () => {
  it('let relative imports stay inside their top-level folder and never leave it', () => {
    const importing = (file: string) => `import { x } from '${file}'`
    expect(escapes('domain/api.ts', importing('./leg.ts'))).toEqual([])
    expect(escapes('lib/catalog/read.ts', importing('../policies/read.ts'))).toEqual([])
    expect(escapes('lib/version.ts', importing('../package.json'))).toEqual([])
    expect(escapes('domain/api.ts', importing('../lib/db.ts'))).toHaveLength(1)
    const far = '../../../lib/db.ts'
    expect(escapes('components/topology/graph/a.tsx', `export * from '${far}'`)).toHaveLength(1)
    expect(escapes('lib/a.ts', `const x = await import('${far}')`)).toHaveLength(1)
  })

  it('refuse folders and files whose names say nothing', async () => {
    const root = await mkdtemp(path.join(os.tmpdir(), 'hexgate-floors-'))
    await mkdir(path.join(root, 'lib', 'utils'), { recursive: true })
    await writeFile(path.join(root, 'lib', 'utils', 'a.ts'), '')
    await writeFile(path.join(root, 'lib', 'types.ts'), '')
    expect(await floorFaults(root)).toHaveLength(2)
    await rm(root, { recursive: true })
  })
})
