import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const pictures = path.join(import.meta.dirname, '..', 'test-results', 'pages')
mkdirSync(pictures, { recursive: true })

/**
 * Looks at a page wide and narrow, light and dark, and takes a picture of each. What it gives is wrong: a heading
 * too many, something too wide, whatever axe finds.
 */
export async function lookAt(page: Page, name: string, arrive: () => Promise<unknown>): Promise<string[]> {
  const faults: string[] = []
  for (const width of [1440, 390]) {
    await page.setViewportSize({ width, height: width === 390 ? 844 : 900 })
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
    await arrive()
    await page.evaluate(axe)
    const light = [...(await shapeOf(page)), ...(await violationsOf(page, {}))]
    faults.push(...light.map((fault) => `${width} light: ${fault}`))
    await page.screenshot({ path: path.join(pictures, `${name}-${width}-light.png`) })
    // The theme changes colours and nothing else.
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' })
    const dark = await violationsOf(page, { runOnly: ['color-contrast'] })
    faults.push(...dark.map((fault) => `${width} dark: ${fault}`))
    await page.screenshot({ path: path.join(pictures, `${name}-${width}-dark.png`) })
  }
  return faults
}

async function shapeOf(page: Page): Promise<string[]> {
  const { headings, overflow } = await page.evaluate(() => ({
    headings: document.querySelectorAll('h1').length,
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  }))
  return [
    ...(headings === 1 ? [] : [`${headings} main headings`]),
    ...(overflow > 0 ? [`${overflow} pixels too wide`] : []),
  ]
}

/** What axe finds; its script must be in the page. */
async function violationsOf(page: Page, options: { runOnly?: string[] }): Promise<string[]> {
  const { violations } = await page.evaluate(async (chosen) => {
    const { axe } = window as unknown as { axe: { run(options: object): Promise<AxeResults> } }
    return axe.run({ ...chosen, resultTypes: ['violations'] })
  }, options)
  return violations.map(
    ({ id, nodes }) => `${id} at ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`,
  )
}
