/** More than a deployment ever has; whoever drops a home folder is told so. */
const filesMax = 5_000

/**
 * The files that were dropped, and those in folders that were. A file out of a folder says where in it it stands, as
 * files of a chosen folder do. What is dropped can be asked for during the event alone, so the asking is done at once.
 */
export function droppedFiles({ items, files }: Pick<DataTransfer, 'items' | 'files'>): Promise<File[]> {
  const entries = [...items].flatMap((item) => (item.kind === 'file' ? (item.webkitGetAsEntry() ?? []) : []))
  if (!entries.some(({ isDirectory }) => isDirectory)) return Promise.resolve([...files])
  return filesIn(entries)
}

async function filesIn(entries: readonly FileSystemEntry[]): Promise<File[]> {
  const found: File[] = []
  const waiting = [...entries]
  for (let entry = waiting.shift(); entry; entry = waiting.shift()) {
    if (isDirectory(entry)) {
      if (!isOfTools(entry.name)) waiting.push(...(await childrenOf(entry)))
    } else if (isFile(entry)) found.push(await fileOf(entry))
    if (found.length > filesMax) throw new Error(`There are more than ${filesMax} files in it.`)
  }
  return found
}

// What version control and package managers keep is nobody's document, and may be a hundred thousand files.
function isOfTools(name: string): boolean {
  return name.startsWith('.') || name === 'node_modules'
}

const isDirectory = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory
const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile

/** A reader gives some at a time, and none at the end. */
async function childrenOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader()
  const children: FileSystemEntry[] = []
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((done, failed) => reader.readEntries(done, failed))
    if (some.length === 0) return children
    children.push(...some)
  }
}

async function fileOf(entry: FileSystemFileEntry): Promise<File> {
  const file = await new Promise<File>((done, failed) => entry.file(done, failed))
  return Object.defineProperty(file, 'webkitRelativePath', { value: entry.fullPath.replace(/^\//, '') })
}
