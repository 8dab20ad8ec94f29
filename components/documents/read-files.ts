import { decodeText } from '#domain/text-encoding.ts'
import { unzip } from './zip.ts'

export interface ReadFile {
  readonly name: string
  readonly text: string
}

const readable = /\.(?:ya?ml|json|md|markdown|txt)$/i

/** The documents among files, folders and archives. Throws an Error that names the file which cannot be read. */
export async function readFiles(files: readonly File[]): Promise<ReadFile[]> {
  const read = await Promise.all(files.map(readOne))
  return read.flat().filter(({ name }) => !isHidden(name))
}

async function readOne(file: File): Promise<ReadFile[]> {
  // Of a chosen folder a browser says where in it a file stands.
  const name = file.webkitRelativePath || file.name
  const isArchive = /\.zip$/i.test(file.name)
  if (!isArchive && !readable.test(name)) return []
  const bytes = new Uint8Array(await file.arrayBuffer())
  if (!isArchive) return [textOf(name, bytes)]
  try {
    return (await unzip(bytes)).flatMap((one) =>
      readable.test(one.name) ? [textOf(one.name, one.bytes)] : [],
    )
  } catch (error) {
    throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

function textOf(name: string, bytes: Uint8Array<ArrayBuffer>): ReadFile {
  const text = decodeText(bytes)
  if (text === null) throw new Error(`${name} is text neither in UTF-8 nor in UTF-16.`)
  return { name, text }
}

function isHidden(name: string): boolean {
  return name
    .split('/')
    .some((part) => part.startsWith('.') || part === 'node_modules' || part === '__MACOSX')
}
