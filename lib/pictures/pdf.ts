import { readFileSync } from 'node:fs'
import PDFDocument from 'pdfkit'
import { type Faces, geistFiles } from './faces.ts'
import type { Mark, Scene, TextMark } from '#diagram/picture/scene.ts'

/** A scene as a PDF: vectors with its fonts embedded, tagged, and the same bytes for the same scene and moment. */

// PDF 32000-1 §7.7.3.3, annex C: the largest page, in points. A pixel of CSS is three quarters of one.
const pageMax = 14_400
const pointsPerPixel = 0.75

type Pdf = InstanceType<typeof PDFDocument>

export async function toPdf(scene: Scene, at: Date, faces: Faces): Promise<Uint8Array<ArrayBuffer>> {
  const { width, height, title, description } = scene
  const scale = Math.min(pointsPerPixel, pageMax / Math.max(width, height))
  const pdf = new PDFDocument({
    size: [width * scale, height * scale],
    margin: 0,
    pdfVersion: '1.7',
    lang: 'en',
    tagged: true,
    displayTitle: true,
    // Dates and the file's id are made of these: nothing else of the moment is in the file.
    info: {
      Title: title,
      Subject: description,
      Creator: 'Hexgate',
      Producer: 'Hexgate',
      CreationDate: at,
      ModDate: at,
    },
  })
  const chunks: Buffer[] = []
  pdf.on('data', (chunk: Buffer) => chunks.push(chunk))
  const ended = new Promise<void>((done, failed) => {
    pdf.on('end', done)
    pdf.on('error', failed)
  })
  for (const [weight, file] of Object.entries(geistFiles)) pdf.registerFont(weight, readFileSync(file))
  for (const { name, bytes } of faces.used) pdf.registerFont(name, bytes)
  const figure = pdf.struct('Figure', { alt: `${title}. ${description}` }, () => {
    pdf.save().scale(scale)
    pdf.rect(0, 0, width, height).fill(scene.background)
    for (const mark of scene.marks) paint(pdf, mark, 1)
    pdf.restore()
  })
  pdf.addStructure(pdf.struct('Document', { title }, [figure]))
  pdf.end()
  await ended
  return new Uint8Array(Buffer.concat(chunks))
}

function paint(pdf: Pdf, mark: Mark, opacity: number): void {
  switch (mark.kind) {
    case 'group': {
      const inside = opacity * (mark.opacity ?? 1)
      pdf.save()
      if (mark.at) pdf.translate(mark.at.x, mark.at.y)
      if (mark.opacity !== undefined) pdf.opacity(inside)
      for (const each of mark.marks) paint(pdf, each, inside)
      pdf.restore()
      return
    }
    case 'text':
      write(pdf, mark)
      return
    case 'box': {
      const { x, y, width, height } = mark.box
      pdf.roundedRect(x, y, width, height, mark.radius)
      break
    }
    case 'path':
      pdf.path(mark.d)
      break
    case 'polygon':
      pdf.polygon(...mark.points.split(' ').map(cornerOf)).lineJoin('round')
      break
  }
  finish(pdf, mark)
}

function cornerOf(text: string): [number, number] {
  const [x = 0, y = 0] = text.split(',').map(Number)
  return [x, y]
}

function finish(
  pdf: Pdf,
  { fill, stroke, strokeWidth = 1, dash }: Exclude<Mark, { kind: 'group' | 'text' }>,
): void {
  pdf.lineWidth(strokeWidth)
  const [length, space] = dash?.split(' ').map(Number) ?? []
  if (length === undefined) pdf.undash()
  else pdf.dash(length, { space: space ?? length })
  if (fill && stroke) pdf.fillAndStroke(fill, stroke)
  else if (fill) pdf.fill(fill)
  else if (stroke) pdf.stroke(stroke)
}

function write(pdf: Pdf, { at, text, size, weight, fill, anchor, halo, face }: TextMark): void {
  pdf.font(face ?? String(weight)).fontSize(size)
  // The whole line at once: letters of such a font may join.
  const options = face === undefined ? {} : { features: [] }
  const width = pdf.widthOfString(text, options)
  const x = at.x - (anchor === 'middle' ? width / 2 : anchor === 'end' ? width : 0)
  // A halo would write the text twice, and whoever searches or reads it aloud would meet it twice.
  if (halo)
    pdf
      .rect(x - 1.5, at.y - size * 0.8, width + 3, size)
      .fillOpacity(0.85)
      .fill(halo)
      .fillOpacity(1)
  pdf.fillColor(fill).text(text, x, at.y, { ...options, lineBreak: false, baseline: 'alphabetic' })
}
