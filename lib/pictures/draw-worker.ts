import { parentPort, workerData } from 'node:worker_threads'
import Elk from 'elkjs/lib/elk.bundled.js'
import { layOut } from '#diagram/layout/layout.ts'
import { pictureOf } from '#diagram/picture/picture.ts'
import { textsIn } from '#diagram/picture/scene.ts'
import { toSvg } from '#diagram/picture/svg.ts'
import type { Drawn, ToDraw } from './draw.ts'
import { facesFor, missingNotes } from './faces.ts'
import { toPdf } from './pdf.ts'
import { toPng } from './png.ts'
import { outlined, setInType } from './set-type.ts'

// Draws one topology and ends. Ordering thousands of lines takes seconds, in which the portal answers others.

const { topology, options, formats } = workerData as ToDraw
const drawing = await layOut(new Elk(), topology)
const scene = pictureOf(topology, drawing, options)
const drawn: Drawn = {}
if (formats.includes('svg')) drawn.svg = new TextEncoder().encode(toSvg(scene))
if (formats.some((format) => format !== 'svg')) {
  const faces = await facesFor(textsIn(scene.marks))
  // A reader of the SVG has fonts of their own.
  const notes = missingNotes(faces)
  const noted = notes.length === 0 ? scene : pictureOf(topology, drawing, options, notes)
  const set = { ...noted, marks: setInType(noted.marks, faces) }
  if (formats.includes('pdf')) drawn.pdf = await toPdf(set, options.at, faces)
  if (formats.includes('png'))
    drawn.png = await toPng(toSvg({ ...set, marks: outlined(set.marks, faces) }), set)
}
parentPort?.postMessage(drawn)
