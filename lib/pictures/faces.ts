import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { create, type Font } from 'fontkit'
import { sfntOf } from './woff.ts'

/** Which letters of a picture come from which font: Geist has Latin and Cyrillic, subsets of Noto Sans the rest. */

const geist = fileURLToPath(new URL('../dist/fonts/geist-sans/', import.meta.resolve('geist/font/sans')))
export const geistFiles = { 400: `${geist}Geist-Regular.ttf`, 600: `${geist}Geist-SemiBold.ttf` } as const

// In the order in which they are asked. Han and Hangul are not among them (docs/decisions/0038).
const subsets = [
  ['noto-sans', 'greek'],
  ['noto-sans', 'greek-ext'],
  ['noto-sans', 'latin-ext'],
  ['noto-sans', 'vietnamese'],
  ['noto-sans', 'cyrillic-ext'],
  ['noto-sans-hebrew', 'hebrew'],
  ['noto-sans-arabic', 'arabic'],
  ['noto-sans', 'devanagari'],
  ['noto-sans-thai', 'thai'],
] as const

/** A font beside Geist, as TrueType. */
export interface Face {
  readonly name: string
  readonly bytes: Buffer
  readonly font: Font
}

export interface Faces {
  /** Those that are needed, in an order that no text decides. */
  readonly used: readonly Face[]
  /** Letters that no font has, in order. */
  readonly missing: readonly string[]
  readonly geist: Readonly<Record<400 | 600, Font>>
  /** By letter, what is not drawn with Geist. */
  readonly byLetter: ReadonlyMap<string, Face>
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** What a reader sees as letters: with their accents and joiners. */
export function lettersIn(text: string): string[] {
  return [...graphemes.segment(text)].map(({ segment }) => segment)
}

// Joiners and variation selectors are drawn by nobody.
const drawn = (letter: string) => letter.replaceAll(/\p{Default_Ignorable_Code_Point}/gu, '')

function has(font: Font, letter: string): boolean {
  return Array.from(drawn(letter)).every((each) => font.hasGlyphForCodePoint(each.codePointAt(0) ?? 0))
}

function fontIn(bytes: Buffer): Font {
  const font = create(bytes)
  if (!('layout' in font)) throw new Error('several fonts in one file')
  return font
}

/** How wide text of one font and direction is drawn, for a size of one. */
export function widthIn({ geist }: Faces, face: Face | null, weight: 400 | 600, text: string): number {
  const font = face?.font ?? geist[weight]
  return font.layout(text).advanceWidth / font.unitsPerEm
}

/** The fonts for these texts; only the files that they need are kept. */
export async function facesFor(texts: Iterable<string>): Promise<Faces> {
  const geist = { 400: fontIn(await readFile(geistFiles[400])), 600: fontIn(await readFile(geistFiles[600])) }
  const letters = new Set([...texts].flatMap(lettersIn))
  let open = [...letters].filter((letter) => !has(geist[400], letter)).toSorted()
  const byLetter = new Map<string, Face>()
  const used: Face[] = []
  for (const [family, subset] of subsets) {
    if (open.length === 0) break
    const face = await faceOf(family, subset)
    const found = open.filter((letter) => has(face.font, letter))
    if (found.length > 0) used.push(face)
    for (const letter of found) byLetter.set(letter, face)
    open = open.filter((letter) => !byLetter.has(letter))
  }
  return { used, missing: open, geist, byLetter }
}

async function faceOf(family: string, subset: string): Promise<Face> {
  const name = `${family}-${subset}-400-normal`
  const file = fileURLToPath(import.meta.resolve(`@fontsource/${family}/files/${name}.woff`))
  const bytes = sfntOf(await readFile(file))
  return { name, bytes, font: fontIn(bytes) }
}

// ── what is missing, in words ───────────────────────────────────────────────

const scripts = [
  'Han',
  'Hiragana',
  'Katakana',
  'Hangul',
  'Bopomofo',
  'Bengali',
  'Gurmukhi',
  'Gujarati',
  'Oriya',
  'Tamil',
  'Telugu',
  'Kannada',
  'Malayalam',
  'Sinhala',
  'Lao',
  'Khmer',
  'Myanmar',
  'Tibetan',
  'Mongolian',
  'Georgian',
  'Armenian',
  'Ethiopic',
  'Syriac',
  'Thaana',
].map((name) => ({ name, letter: new RegExp(`\\p{Script=${name}}`, 'u') }))

/** What stands in the notes of a picture; nothing where every letter is there. */
export function missingNotes({ missing }: Pick<Faces, 'missing'>): string[] {
  if (missing.length === 0) return []
  const kinds = new Set(missing.map(kindOf))
  return [
    `Boxes stand here for letters that PNG and PDF have no font for: ${[...kinds].toSorted().join(', ')}. SVG, JSON and CSV have them whole.`,
  ]
}

function kindOf(letter: string): string {
  const script = scripts.find((each) => each.letter.test(letter))
  if (script) return script.name
  return /\p{Extended_Pictographic}|\p{Regional_Indicator}/u.test(letter) ? 'pictographs' : 'other signs'
}
