import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { escapes, floorFaults } from './floors.ts'

describe('the floors', () => {
  it('let relative imports stay inside their top-level folder and never leave it', () => {
    expect(escapes('domain/api.ts', `import { x } from './leg.ts'`)).toEqual([])
    expect(escapes('lib/catalog/read.ts', `import { x } from '../policies/read.ts'`)).toEqual([])
    expect(escapes('domain/api.ts', `import { x } from '../lib/db.ts'`)).toHaveLength(1)
    expect(escapes('components/topology/graph/a.tsx', `export * from '../../../lib/db.ts'`)).toHaveLength(1)
    expect(escapes('lib/a.ts', `const x = await import('../components/a.tsx')`)).toHaveLength(1)
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
