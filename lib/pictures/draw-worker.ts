import { parentPort, workerData } from 'node:worker_threads'
import Elk from 'elkjs/lib/elk.bundled.js'
import { layOut } from '#diagram/layout/layout.ts'
import { pictureOf } from '#diagram/picture/picture.ts'
import { toSvg } from '#diagram/picture/svg.ts'
import type { Drawn, ToDraw } from './draw.ts'
import { toPdf } from './pdf.ts'
import { toPng } from './png.ts'

// Draws one topology and ends. Ordering thousands of lines takes seconds, in which the portal answers others.

const { topology, options, formats } = workerData as ToDraw
const scene = pictureOf(topology, await layOut(new Elk(), topology), options)
const svg = toSvg(scene)
const drawn: Drawn = {}
for (const format of formats) {
  if (format === 'svg') drawn.svg = new TextEncoder().encode(svg)
  if (format === 'pdf') drawn.pdf = await toPdf(scene, options.at)
  if (format === 'png') drawn.png = await toPng(svg, scene)
}
parentPort?.postMessage(drawn)
