import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { create } from 'fontkit'
import { describe, expect, it } from 'vitest'
import { facesFor, missingNotes } from './faces.ts'
import { runsOf } from './runs.ts'
import { sfntOf } from './woff.ts'

const namesFor = async (...texts: string[]) => (await facesFor(texts)).used.map(({ name }) => name)
const runs = async (line: string) =>
  runsOf(line, await facesFor([line])).map(
    ({ text, face }) => `${face?.name.split('-')[2] ?? 'geist'}: ${text}`,
  )

describe('the fonts of a picture', () => {
  it('are no more than its letters need', async () => {
    expect(await namesFor('Acme', 'Привет', 'Café − ± ≠ → …')).toEqual([])
    expect(await namesFor('שלום')).toEqual(['noto-sans-hebrew-hebrew-400-normal'])
    expect(await namesFor('ไทย', 'Ελλάς', 'שלום')).toEqual([
      'noto-sans-greek-400-normal',
      'noto-sans-hebrew-hebrew-400-normal',
      'noto-sans-thai-thai-400-normal',
    ])
  })

  it('are told where a letter is in none, by its script', async () => {
    const { missing } = await facesFor(['漢字 Acme', '한국', '👩‍👩‍👧‍👦', 'বাংলা', 'مرحبا'])
    const [note, ...more] = missingNotes({ missing })
    expect(more).toEqual([])
    expect(note).toContain(': Bengali, Han, Hangul, pictographs.')
    expect(missingNotes({ missing: [] })).toEqual([])
    expect(await namesFor(note ?? '')).toEqual([])
  })

  it('are the very glyphs that the packed file has', async () => {
    const file = '@fontsource/noto-sans-arabic/files/noto-sans-arabic-arabic-400-normal.woff'
    const packed = await readFile(fileURLToPath(import.meta.resolve(file)))
    const [one, other] = [create(packed), create(sfntOf(packed))]
    if (!('layout' in one && 'layout' in other)) throw new Error('several fonts in one file')
    const glyphs = (font: typeof one) => font.layout('مرحبا').glyphs.map(({ id, path }) => [id, path.toSVG()])
    expect(glyphs(other)).toEqual(glyphs(one))
    expect(() => sfntOf(Buffer.from('OTTO'))).toThrow('no WOFF font')
  })
})

describe('a line of text', () => {
  it('is one run where Geist has all of it', async () => {
    expect(await runs('Acme (EU) — Заказы')).toEqual(['geist: Acme (EU) — Заказы'])
  })

  it('is drawn from the left, with words from the right in their own order and signs turned', async () => {
    expect(await runs('Bank שלום עולם 42')).toEqual([
      'geist: Bank ',
      'geist: 42',
      'geist:  ',
      'hebrew: עולם',
      'geist:  ',
      'hebrew: שלום',
    ])
    expect(await runs('שלום (עולם)')).toEqual(['geist: (', 'hebrew: עולם', 'geist: ) ', 'hebrew: שלום'])
  })

  it('joins letters that join', async () => {
    const faces = await facesFor(['سلام'])
    const [run] = runsOf('سلام', faces)
    const font = create(run?.face?.bytes ?? Buffer.alloc(0))
    if (!('layout' in font)) throw new Error('several fonts in one file')
    const { glyphs, direction } = font.layout(run?.text ?? '')
    expect(direction).toBe('rtl')
    const alone = font.layout('م').glyphs.map(({ id }) => id)
    // Its last letter, drawn first, has another shape than it has alone, or lam and alef are one.
    expect(glyphs.length).toBeLessThanOrEqual(4)
    expect(glyphs.map(({ id }) => id)).not.toEqual(expect.arrayContaining([...alone, 'x']))
  })
})
