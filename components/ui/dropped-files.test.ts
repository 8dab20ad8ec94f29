import { describe, expect, it } from 'vitest'
import { droppedFiles } from './dropped-files.ts'

type Tree = { readonly [name: string]: string | Tree }

/** As browsers give what was dropped: readers give two at a time here, where Chromium gives a hundred. */
function entryOf(name: string, content: string | Tree, above = ''): FileSystemEntry {
  const fullPath = `${above}/${name}`
  const common = { name, fullPath, filesystem: {} as FileSystem, getParent: () => undefined }
  if (typeof content === 'string') {
    const file = (done: (file: File) => void) => done(new File([content], name))
    return { ...common, isFile: true, isDirectory: false, file } as FileSystemEntry
  }
  const createReader = () => {
    const left = Object.entries(content).map(([child, inside]) => entryOf(child, inside, fullPath))
    return { readEntries: (done: (some: FileSystemEntry[]) => void) => done(left.splice(0, 2)) }
  }
  return { ...common, isFile: false, isDirectory: true, createReader } as unknown as FileSystemEntry
}

function dropped(tree: Tree) {
  const entries = Object.entries(tree).map(([name, content]) => entryOf(name, content))
  const items = [
    ...entries.map((entry) => ({ kind: 'file', webkitGetAsEntry: () => entry })),
    { kind: 'string', webkitGetAsEntry: () => null },
  ]
  const files = Object.keys(tree).map((name) => new File([''], name))
  return droppedFiles({ items, files } as unknown as DataTransfer)
}

const named = (files: readonly File[]) => files.map((file) => file.webkitRelativePath || file.name)

describe('what is dropped on a page', () => {
  it('are the files of a folder and of those in it, each with its place', async () => {
    const files = await dropped({
      deployment: { 'a.yaml': 'kind: A', 'b.yaml': '', gateway: { 'c.yaml': '' }, 'd.md': '', 'e.json': '' },
      'beside.yaml': '',
    })
    expect(named(files).toSorted()).toEqual([
      'beside.yaml',
      'deployment/a.yaml',
      'deployment/b.yaml',
      'deployment/d.md',
      'deployment/e.json',
      'deployment/gateway/c.yaml',
    ])
    const first = files.find(({ name }) => name === 'a.yaml')
    expect(await first?.text()).toBe('kind: A')
  })

  it('leaves out what tools keep in folders of their own', async () => {
    const files = await dropped({
      work: { '.git': { config: '' }, node_modules: { 'a.json': '' }, 'a.yaml': '' },
    })
    expect(named(files)).toEqual(['work/a.yaml'])
  })

  it('are the files alone where no folder is among them', async () => {
    expect(named(await dropped({ 'a.yaml': '', 'b.yaml': '' }))).toEqual(['a.yaml', 'b.yaml'])
  })

  it('is refused where a folder has no end', async () => {
    const many = Object.fromEntries(Array.from({ length: 5_001 }, (_, index) => [`${index}.yaml`, '']))
    await expect(dropped({ many })).rejects.toThrow('more than 5000 files')
  })
})
