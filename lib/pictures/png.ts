import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { initWasm, Resvg } from '@resvg/resvg-wasm'
import { geistFiles } from './faces.ts'

/** An SVG document as pixels, by its own fonts alone: machines without fonts draw the same. */

const zoom = 2
/** The most pixels, so that thousands of flows take no more than 200 MB on their way. */
const pixelsMax = 48_000_000

export async function toPng(
  svg: string,
  { width, height }: { width: number; height: number },
): Promise<Uint8Array<ArrayBuffer>> {
  await initWasm(await readFile(fileURLToPath(import.meta.resolve('@resvg/resvg-wasm/index_bg.wasm'))))
  const fontBuffers = await Promise.all(Object.values(geistFiles).map((file) => readFile(file)))
  const drawn = new Resvg(svg, {
    font: { fontBuffers, defaultFontFamily: 'Geist', sansSerifFamily: 'Geist' },
    fitTo: { mode: 'zoom', value: Math.min(zoom, Math.sqrt(pixelsMax / (width * height))) },
  })
  return new Uint8Array(drawn.render().asPng())
}
