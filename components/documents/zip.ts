/** Files out of a ZIP archive (APPNOTE.TXT §4.3), as far as documents come in one: stored or deflated, without a key. */

export interface ZippedFile {
  readonly name: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

const endSignature = 0x06054b50
const entrySignature = 0x02014b50
const endBytes = 22
const commentBytesMax = 65_535
const filesMax = 2_000
/** What a small archive may grow to. */
const unpackedBytesMax = 20_000_000

/** Throws an Error whose message says what is wrong with the archive. */
export async function unzip(archive: Uint8Array<ArrayBuffer>): Promise<ZippedFile[]> {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength)
  const end = endOf(view)
  const count = view.getUint16(end + 10, true)
  if (count > filesMax) throw new Error(`It has ${count} files; ${filesMax} are taken at most.`)
  const files: ZippedFile[] = []
  let left = unpackedBytesMax
  for (let at = view.getUint32(end + 16, true), index = 0; index < count; index++) {
    if (at + 46 > view.byteLength || view.getUint32(at, true) !== entrySignature)
      throw new Error('Its list of files cannot be read.')
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) =>
      view.getUint16(at + offset, true),
    ) as [number, number, number]
    const name = new TextDecoder().decode(archive.subarray(at + 46, at + 46 + nameLength))
    if (!name.endsWith('/')) {
      const bytes = await unpacked(archive, view, at, left)
      left -= bytes.length
      files.push({ name, bytes })
    }
    at += 46 + nameLength + extraLength + commentLength
  }
  return files
}

// It stands at the end, behind which only a comment may come.
function endOf(view: DataView): number {
  const first = Math.max(0, view.byteLength - endBytes - commentBytesMax)
  for (let at = view.byteLength - endBytes; at >= first; at--)
    if (view.getUint32(at, true) === endSignature) return at
  throw new Error('It is no ZIP archive.')
}

async function unpacked(
  archive: Uint8Array<ArrayBuffer>,
  view: DataView,
  entry: number,
  bytesMax: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const flags = view.getUint16(entry + 8, true)
  const method = view.getUint16(entry + 10, true)
  if ((flags & 1) !== 0) throw new Error('It is encrypted.')
  const header = view.getUint32(entry + 42, true)
  if (header + 30 > view.byteLength) throw new Error('One of its files is not there.')
  const start = header + 30 + view.getUint16(header + 26, true) + view.getUint16(header + 28, true)
  const packed = archive.subarray(start, start + view.getUint32(entry + 20, true))
  if (method === 0 && packed.length <= bytesMax) return packed.slice()
  if (method !== 0 && method !== 8) throw new Error('One of its files is packed in a way that is not taken.')
  return inflated(packed, bytesMax)
}

// What it says of its sizes is not believed: whatever unpacks to too much is given up.
async function inflated(packed: Uint8Array<ArrayBuffer>, bytesMax: number): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate-raw'))
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of stream as unknown as AsyncIterable<Uint8Array>) {
    length += part.length
    if (length > bytesMax) throw new Error('It unpacks to more than is taken.')
    parts.push(part)
  }
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
