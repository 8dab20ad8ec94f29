import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest'
import { Actions } from './actions.ts'
import { launchBrowser, visitAs } from './browser.ts'
import { type EchoUpstream, startEcho } from './echo-upstream.ts'
import { replaceChain } from './gateway-view.ts'
import { type LiveApi, liveApi, untilStatus } from './live-api.ts'
import { Machine } from './machine.ts'
import { listenerOn } from './processes.ts'
import { freePort, type Product, startProduct } from './product.ts'

// Listeners and nodes are those of this file alone.
let product: Product
let browser: Browser
let echo: EchoUpstream
let machine: Machine
beforeAll(async () => {
  browser = await launchBrowser()
  product = await startProduct()
  machine = await Machine.at(product)
  echo = await startEcho()
})
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()))
})
afterAll(async () => {
  await browser.close()
  await echo.close()
  await product?.stop()
})

test('a node is added by three actions and one command; its lag and its end are seen', async () => {
  const api = await liveApi(machine, 'two-nodes', echo.url)
  const page = await visitAs(browser, 'admin', { product })
  await page.goto('/')

  const actions = new Actions(page)
  await actions.click(page.getByRole('link', { name: 'Gateways', exact: true }))
  await actions.click(page.getByRole('button', { name: 'Add node' }))
  const dialog = page.getByRole('dialog')
  await dialog.getByText('Waiting for the node to connect').waitFor()
  await actions.click(dialog.getByRole('button', { name: 'Copy command' }))
  const node = await runIn(await page.evaluate(() => navigator.clipboard.readText()))
  await dialog.getByText(/ is connected and serves revision \d+\./).waitFor({ timeout: 40_000 })
  actions.expectWithin(3)
  await page.keyboard.press('Escape')

  const row = page.locator(`[data-node="${node.id}"]`)
  await row.getByText('healthy').waitFor()
  await row.getByText('in sync').waitFor()
  expect((await fetch(`${node.url}/${api.name}/echo`)).status).toBe(200)

  await deployPastHanging(page, api, node.pid)
  const answer = await fetch(`${node.url}/${api.name}/echo`)
  expect(answer.headers.get('x-from')).toBe('hexgate')

  await page.goto('/gateways')
  await row.getByText('healthy').waitFor()
  process.kill(node.pid, 'SIGKILL')
  await row.getByText('offline').waitFor({ timeout: 40_000 })
  await untilStatus(`${api.url}/echo`, 200)
  await row.getByRole('button', { name: /^Actions for/ }).click()
  await page.getByRole('menuitem', { name: 'Remove from the list' }).click()
  await row.waitFor({ state: 'detached' })
})

/** Deploys while one of two nodes hangs: the page tells who has it, and turns complete by itself. */
async function deployPastHanging(page: Page, { apiId, instanceId }: LiveApi, hanging: number): Promise<void> {
  const outboundHeaders = [{ key: 'x-from', value: 'hexgate' }]
  await replaceChain(machine, instanceId, [
    { kind: 'header-injection', config: { inboundHeaders: [], outboundHeaders } },
  ])
  process.kill(hanging, 'SIGSTOP')
  await page.goto(`/catalog/${apiId}`)
  await page.getByRole('button', { name: 'Deploy 1 change' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Deploy', exact: true }).click()
  await dialog.getByText('Desired everywhere; applied on 1 of 2 nodes').waitFor()
  await dialog.getByText('waiting', { exact: true }).waitFor()
  process.kill(hanging, 'SIGCONT')
  await dialog.getByText('Desired everywhere; applied on 2 of 2 nodes').waitFor()
}

interface AddedNode {
  id: string
  pid: number
  url: string
}

/** Runs the pasted command as a terminal in the checkout does, on free ports and with a folder of its own. */
async function runIn(command: string): Promise<AddedNode> {
  expect(command).toMatch(/^npm run gateway -- /)
  const data = await mkdtemp(path.join(tmpdir(), 'hexgate-node-'))
  const [http, https, admin] = [await freePort(0), await freePort(0), await freePort(0)]
  const ports = {
    HEXGATE_HTTP_PORT: `${http}`,
    HEXGATE_HTTPS_PORT: `${https}`,
    HEXGATE_ADMIN_PORT: `${admin}`,
  }
  const shell = spawn('sh', ['-c', command], {
    cwd: path.resolve(import.meta.dirname, '..'),
    env: { ...process.env, ...ports, HEXGATE_DATA: data },
    stdio: 'ignore',
    detached: true,
  })
  const gone = new Promise((resolve) => shell.once('exit', resolve))
  onTestFinished(async () => {
    if (shell.exitCode === null && shell.pid) process.kill(-shell.pid, 'SIGKILL')
    await gone
    await rm(data, { recursive: true, force: true })
  })
  const ready = async () => (await fetch(`http://127.0.0.1:${admin}/ready`).catch(() => null))?.status
  await expect.poll(ready, { timeout: 40_000, interval: 100 }).toBe(200)
  const config = (await (await fetch(`http://127.0.0.1:${admin}/config`)).json()) as { node: string }
  return { id: config.node, pid: (await listenerOn(admin)).pid, url: `http://127.0.0.1:${http}` }
}
