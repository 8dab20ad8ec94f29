import { deflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { unzip } from './zip.ts'

/** An archive as tools write it; its checks of content are left at 0, since nobody reads them. */
function archiveOf(files: Record<string, string>, flags = 0): Uint8Array<ArrayBuffer> {
  const parts: Buffer[] = []
  const entries: Buffer[] = []
  let offset = 0
  for (const [name, text] of Object.entries(files)) {
    const packed = deflateRawSync(Buffer.from(text))
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50, 0)
    local.writeUInt16LE(8, 8)
    local.writeUInt32LE(packed.length, 18)
    local.writeUInt16LE(name.length, 26)
    const entry = Buffer.alloc(46)
    entry.writeUInt32LE(0x02014b50, 0)
    entry.writeUInt16LE(flags, 8)
    entry.writeUInt16LE(8, 10)
    entry.writeUInt32LE(packed.length, 20)
    entry.writeUInt16LE(name.length, 28)
    entry.writeUInt32LE(offset, 42)
    parts.push(local, Buffer.from(name), packed)
    entries.push(entry, Buffer.from(name))
    offset += 30 + name.length + packed.length
  }
  const list = Buffer.concat(entries)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(Object.keys(files).length, 10)
  end.writeUInt32LE(offset, 16)
  return new Uint8Array(Buffer.concat([...parts, list, end]))
}

const textsOf = async (archive: Uint8Array<ArrayBuffer>) =>
  (await unzip(archive)).map(({ name, bytes }) => `${name} ${new TextDecoder().decode(bytes)}`)

describe('a ZIP archive', () => {
  it('gives its files, and leaves folders out', async () => {
    expect(await textsOf(archiveOf({ 'deploy/': '', 'deploy/a.yaml': 'a: 1', 'b.json': '{}' }))).toEqual([
      'deploy/a.yaml a: 1',
      'b.json {}',
    ])
  })

  it('that is none, that is cut off, encrypted, or unpacks to too much is refused in words', async () => {
    await expect(unzip(new Uint8Array(100))).rejects.toThrow('no ZIP archive')
    const whole = archiveOf({ 'a.yaml': 'a: 1' })
    await expect(unzip(whole.slice(20))).rejects.toThrow(/cannot be read|not there|packed/)
    await expect(unzip(archiveOf({ 'a.yaml': 'a: 1' }, 1))).rejects.toThrow('encrypted')
    await expect(unzip(archiveOf({ 'a.yaml': 'a'.repeat(20_000_001) }))).rejects.toThrow('unpacks to more')
  })
})
