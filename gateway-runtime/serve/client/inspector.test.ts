import { expect, it } from 'vitest'
import { closeFrame, FrameTracker, textFrame } from './frames.ts'
import { Inspector } from './inspector.ts'

let seed = 7
const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below

/** A client's frame with a mask. */
function frame(opcode: number, payload: Buffer, isFinal = true): Buffer {
  const { length } = payload
  const mask = Buffer.from([random(256), random(256), random(256), random(256)])
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10)
  header[0] = (isFinal ? 0x80 : 0) | opcode
  header[1] = 0x80 | (header.length === 2 ? length : header.length === 4 ? 126 : 127)
  if (header.length === 4) header.writeUInt16BE(length, 2)
  if (header.length === 10) header.writeBigUInt64BE(BigInt(length), 2)
  return Buffer.concat([header, mask, payload.map((byte, i) => byte ^ (mask[i & 3] ?? 0))])
}

const letters = (length: number) => Buffer.from('x'.repeat(length))

/** A stream of good frames, and which of its short texts begin with a star. */
function stream(): { bytes: Buffer; rest: Buffer; shown: string[] } {
  const parts: Buffer[] = []
  const rest: Buffer[] = []
  const shown: string[] = []
  const add = (bytes: Buffer, isKept = false) => {
    parts.push(bytes)
    if (!isKept) rest.push(bytes)
  }
  for (let i = 0; i < 12; i++) {
    const kind = random(6)
    const size = [0, 1, 7, 125, 126, 300, 70_000][random(7)] ?? 0
    if (kind === 0) add(frame(9, letters(Math.min(size, 125))))
    else if (kind === 1) add(frame(2, letters(size)))
    else if (kind === 2) {
      add(frame(1, letters(size), false))
      add(frame(9, letters(3)))
      add(frame(0, letters(size)))
    } else {
      const text = `${random(2) === 0 ? '*' : '-'}${'é'.repeat(Math.min(size, 1_000))}`
      const payload = Buffer.from(text)
      if (payload.length <= 400) shown.push(text)
      add(frame(1, payload), payload.length <= 400 && text.startsWith('*'))
    }
  }
  return { bytes: Buffer.concat(parts), rest: Buffer.concat(rest), shown }
}

it('shows the same messages and passes the same bytes on, however the stream is cut', () => {
  for (let round = 0; round < 200; round++) {
    const { bytes, rest, shown } = stream()
    const seen: string[] = []
    const inspector = new Inspector(false)
    inspector.intercept(400, (text) => {
      seen.push(text)
      return text.startsWith('*')
    })
    const passed: Buffer[] = []
    for (let position = 0; position < bytes.length; ) {
      const end = Math.min(bytes.length, position + 1 + random(round % 2 === 0 ? 9 : 5_000))
      expect(inspector.read(Buffer.from(bytes.subarray(position, end)), () => false)).toBeNull()
      passed.push(Buffer.from(inspector.takeOutput()))
      position = end
    }
    expect(seen).toEqual(shown)
    expect(Buffer.concat(passed).equals(rest)).toBe(true)
    expect(inspector.betweenFrames).toBe(true)
  }
})

it('never throws, whatever bytes come, and passes on what came before them', () => {
  for (let round = 0; round < 5_000; round++) {
    const inspector = new Inspector(round % 2 === 0)
    inspector.intercept(50, () => false)
    const bytes = Buffer.from(Array.from({ length: 1 + random(40) }, () => random(256)))
    const good = frame(1, letters(3))
    const fault = inspector.read(Buffer.concat([good, bytes]), () => false)
    const output = inspector.takeOutput()
    expect(output.subarray(0, good.length).equals(good)).toBe(true)
    if (fault !== null) expect([1002, 1007]).toContain(fault.code)
  }
})

it.each([
  ['with a reason', closeFrame(false, 4401, 'over'), 8, 6],
  ['whose reason is cut between two characters', closeFrame(false, 1001, 'é'.repeat(100)), 8, 2 + 122],
  ['of a text of 126 bytes', textFrame('x'.repeat(126)), 1, 126],
  ['of a text of 70,000 bytes', textFrame('x'.repeat(70_000)), 1, 70_000],
])('frames of the gateway %s are whole', (_name, bytes, opcode, length) => {
  const tracker = new FrameTracker()
  tracker.readHeader(bytes, 0, bytes.length)
  expect([tracker.opcode, tracker.payloadLeft, tracker.isFinal, tracker.isLengthGood]).toEqual([
    opcode,
    length,
    true,
    true,
  ])
  expect(bytes).toHaveLength(tracker.headerLength + length)
})
