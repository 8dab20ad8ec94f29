import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchBrowser, visitAs } from './browser.ts'
import { gatewayOf } from './gateway-view.ts'
import { lookAt } from './look-at.ts'
import { Machine } from './machine.ts'
import { type Product, startProduct } from './product.ts'

let product: Product
let browser: Browser
let folder: string
let gatewayId: string
beforeAll(async () => {
  const written = path.join(import.meta.dirname, '..', 'lib', 'check', 'testing', 'zero-trust.md')
  folder = await mkdtemp(path.join(tmpdir(), 'documents-'))
  await mkdir(path.join(folder, 'deployment', 'gateway'), { recursive: true })
  await writeFile(path.join(folder, 'deployment', 'gateway', 'zero-trust.md'), await readFile(written))
  await writeFile(path.join(folder, 'deployment', 'orders.yaml'), instance)
  product = await startProduct()
  browser = await launchBrowser()
  gatewayId = (await gatewayOf(await Machine.at(product))).id
})
afterAll(async () => {
  await browser.close()
  await product.stop()
  await rm(folder, { recursive: true })
})

const instance = `
apiVersion: gateway.mulesoft.com/v1alpha1
kind: ApiInstance
metadata:
  name: imported-orders
  namespace: shop
spec:
  address: http://0.0.0.0:8081/imported
  services:
    upstream:
      address: http://orders.shop
`

/** As a hand does it: the browser is told of a drag that ends over the page, at a place that narrow ones have too. */
async function drop(page: Page, files: readonly string[]): Promise<void> {
  const session = await page.context().newCDPSession(page)
  const data = { items: [], files: [...files], dragOperationsMask: 1 }
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await session.send('Input.dispatchDragEvent', { type, x: 150, y: 300, data })
}

test('a folder that is dropped on the catalog is read with all in it, and shows what it becomes', async () => {
  const page = await visitAs(browser, 'owner', { product })
  const faults = await lookAt(page, 'documents-dropped', async () => {
    await page.goto('/catalog')
    await drop(page, [path.join(folder, 'deployment')])
    const dialog = page.getByRole('dialog', { name: 'Import documents' })
    await dialog.getByText('2 files read').waitFor()
    await dialog.getByText('imported-orders 1.0.0').waitFor()
    await dialog.getByText('shop/web').waitFor()
    await dialog.getByText('netpol.no-ingress-to-gateway').first().waitFor()
  })
  expect(faults).toEqual([])
  await page.context().close()
})

test('applied NetworkPolicies are uploaded, judged on their page and on the topology, and removed', async () => {
  const page = await visitAs(browser, 'owner', { product })
  await page.goto(`/gateways/${gatewayId}/network-policies`)
  await page.getByText('Nobody has said what is applied').waitFor()
  await page.getByRole('button', { name: 'Upload what is applied' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog
    .getByLabel('Documents', { exact: true })
    .setInputFiles(path.join(folder, 'deployment', 'gateway', 'zero-trust.md'))
  await dialog.getByText('zero-trust.md').waitFor()
  await page.screenshot({ path: 'test-results/pages/network-policies-upload.png' })
  await dialog.getByRole('button', { name: 'Keep and judge them' }).click()
  await dialog.waitFor({ state: 'detached' })
  const faults = await lookAt(page, 'network-policies-applied', async () => {
    await page.goto(`/gateways/${gatewayId}/network-policies`)
    await page.getByText('the JWKS that the comment of allow-gateway-egress promises').first().waitFor()
  })
  expect(faults).toEqual([])
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.goto('/topology?view=graph')
  await page
    .getByRole('link', { name: /^Let edge reach/ })
    .first()
    .click()
  await page.waitForURL(`**/gateways/${gatewayId}/network-policies`)
  await page.getByRole('button', { name: 'Remove', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove them' }).click()
  await page.getByText('Nobody has said what is applied').waitFor()
  await page.context().close()
})
