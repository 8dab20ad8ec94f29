import { readdir, readFile } from 'node:fs/promises'
import { request } from 'node:https'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import type { AuthorityRecord, ContextRecord } from '#domain/trust-record.ts'
import { makeKey, makeRequest } from '#lib/trust/issue.ts'
import { Actions } from './actions.ts'
import { launchBrowser, visitAs } from './browser.ts'
import { lookAt } from './look-at.ts'
import { Machine } from './machine.ts'

let browser: Browser
let machine: Machine
beforeAll(async () => {
  browser = await launchBrowser()
  machine = await Machine.at(inject('product'))
})
afterAll(() => browser.close())

const host = 'stock.localhost'
const kept = (name: string) => readFile(path.join(inject('product').dataFolder, name), 'utf8')

async function authorities(): Promise<AuthorityRecord[]> {
  return (await machine.must<{ authorities: AuthorityRecord[] }>('GET', '/authorities')).body.authorities
}
async function contexts(): Promise<ContextRecord[]> {
  return (await machine.must<{ contexts: ContextRecord[] }>('GET', '/contexts')).body.contexts
}
async function idOf(all: Promise<{ id: string; name: string }[]>, name: string): Promise<string> {
  const found = (await all).find((each) => each.name === name)
  if (!found) throw new Error(`there is no ${name}`)
  return found.id
}

/** How a client of the sample shows itself, and whom it trusts. */
interface Showing {
  ca: string
  pem: string
}

/** One handshake and one answer of the sample's API with mTLS; gives the status, and what the server showed. */
function ask(port: number, { ca, pem }: Showing): Promise<{ status: number; issuer: string }> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, servername: host, path: '/warehouse/v1/stock', agent: false }
    const asked = request({ ...options, headers: { host }, ca, cert: pem, key: pem }, (response) => {
      const issuer = String(
        'getPeerCertificate' in response.socket
          ? (response.socket as import('node:tls').TLSSocket).getPeerCertificate().issuer.CN
          : '',
      )
      response.resume().on('end', () => resolve({ status: response.statusCode ?? 0, issuer }))
    })
    asked.once('error', reject)
    asked.end()
  })
}

const sum = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((all, one) => all + one, 0)

// Beside a browser on two cores: a node that has more than it can do refuses connections, whatever it trusts.
const paceMs = 10

/** Clients that make one handshake after another until they are stopped. */
function load(port: number, showing: () => Showing) {
  const failures: string[] = []
  const issuers = new Map<string, number>()
  let isOver = false
  const one = async () => {
    while (!isOver) {
      try {
        const { status, issuer } = await ask(port, showing())
        issuers.set(issuer, (issuers.get(issuer) ?? 0) + 1)
        if (status !== 200) failures.push(`status ${status} after ${sum(issuers)}`)
      } catch (error) {
        failures.push(`${String(error)} after ${sum(issuers)}, at ${new Date().toISOString()}`)
      }
      await setTimeout(paceMs)
    }
  }
  const all = [one(), one()]
  return {
    failures,
    issuers,
    stop: async () => {
      isOver = true
      await Promise.all(all)
    },
  }
}

/** A client certificate that a CA here issues for a key of the client's own. */
async function issuedBy(authorityId: string): Promise<string> {
  const key = makeKey()
  const names = [{ type: 'uri', value: 'spiffe://acme/web-shop' }] as const
  const csr = await makeRequest({ subject: { commonName: 'web-shop' }, names }, key)
  const body = { csr, kind: 'client', lifetimeDays: 10 }
  const signed = await machine.must<{ pem: string }>('POST', `/authorities/${authorityId}/sign`, { body })
  return signed.body.pem + key.reveal()
}

test('the sample is served by mutual TLS to who has a certificate of its CA, and to nobody else', async () => {
  const port = Number(await kept('https-port'))
  const ca = await kept('sample-ca.pem')
  expect(await ask(port, { ca, pem: await kept('sample-client.pem') })).toMatchObject({ status: 200 })
  const bare = await ask(port, { ca, pem: '' }).catch((error: unknown) => String(error))
  expect(bare).toMatchObject({ status: 401 })
  const { body } = await machine.must<{ legs: { actual: { state: string }; verdict: string }[] }>(
    'GET',
    '/topology',
  )
  const proven = body.legs.filter(({ verdict }) => verdict === 'as-expected')
  expect(proven.length).toBeGreaterThanOrEqual(3)
})

test('pages and dialogs of CAs and contexts are whole at both widths and in both themes', async () => {
  const page = await visitAs(browser, 'admin')
  const root = await idOf(authorities(), 'Development root')
  const white = await idOf(contexts(), 'Acme internal')
  const live = () => page.getByRole('button', { name: /^live/ }).waitFor()
  const at = (address: string) => async () => {
    await page.goto(address)
    await live()
  }
  const opened = (address: string, button: string) => async () => {
    await at(address)()
    await page.getByRole('button', { name: button, exact: true }).click()
    await page.getByRole('dialog').getByRole('textbox').first().waitFor()
  }
  const looks: [string, () => Promise<unknown>][] = [
    ['authorities', at('/authorities')],
    ['authority', at(`/authorities/${root}`)],
    ['authority-import', opened('/authorities', 'Import CA')],
    ['authority-sign', opened(`/authorities/${root}`, 'Sign a request')],
    [
      'rotation-begin',
      async () => {
        await at(`/authorities/${root}/rotation`)()
        await page.getByText('Acme internal trusts the new CA').waitFor()
      },
    ],
    ['contexts', at('/contexts')],
    ['context', at(`/contexts/${white}`)],
    ['context-add', opened('/contexts', 'Add context')],
    ['context-edit', opened(`/contexts/${white}`, 'Edit')],
  ]
  const faults: string[] = []
  for (const [name, arrive] of looks)
    faults.push(...(await lookAt(page, name, arrive)).map((fault) => `${name}: ${fault}`))
  await page.context().close()
  expect(faults).toEqual([])
})

test('a class that does not go with the CA is said while it is chosen; what is added, edited and deleted is there', async () => {
  const page = await visitAs(browser, 'owner')
  await page.goto('/contexts')
  await page.getByRole('button', { name: 'Add context' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: 'Name' }).fill('Trial')
  await dialog.getByText('Non-Org External').click()
  await dialog.getByRole('checkbox', { name: /^Development root/ }).click()
  await dialog.getByRole('alert').getByText('where the third party runs the CA').waitFor()
  await dialog.getByText('Org Internal', { exact: true }).click()
  await dialog.getByRole('alert').waitFor({ state: 'detached' })
  await dialog.getByRole('button', { name: 'Add context' }).click()
  await page.getByRole('heading', { level: 1, name: 'Trial' }).waitFor()
  await page.getByRole('button', { name: 'Edit', exact: true }).click()
  await dialog.getByRole('textbox', { name: 'Name' }).fill('Second trial')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('heading', { level: 1, name: 'Second trial' }).waitFor()
  await page.getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete Second trial' }).click()
  await page.waitForURL('**/contexts')
  await page.context().close()
})

test('a change of a context says whom it touches, and shows the nodes as they take it', async () => {
  const page = await visitAs(browser, 'owner')
  await page.goto(`/contexts/${await idOf(contexts(), 'Acme internal')}`)
  const dialog = page.getByRole('dialog')
  for (const name of ['Acme inside', 'Acme internal']) {
    await page.getByRole('button', { name: 'Edit', exact: true }).click()
    const touched = dialog.getByRole('region', { name: 'What a change touches' })
    for (const what of ['edge', 'Stock levels', 'Web shop', /https 127\.0\.0\.1/])
      await touched.getByText(what).first().waitFor()
    await dialog.getByRole('textbox', { name: 'Name' }).fill(name)
    await dialog.getByRole('button', { name: 'Publish to edge' }).click()
    await dialog.getByText('applied on 1 of 1 nodes').waitFor()
    await dialog.getByRole('button', { name: 'Done' }).click()
    await page.getByRole('heading', { level: 1, name }).waitFor()
  }
  await page.context().close()
})

test('a CA that is needed is not deleted, and what needs it is named', async () => {
  const page = await visitAs(browser, 'owner')
  await page.goto(`/authorities/${await idOf(authorities(), 'Development root')}`)
  await page.getByRole('button', { name: 'More about Development root' }).click()
  await page.getByRole('menuitem', { name: 'Delete…' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete Development root' }).click()
  await page
    .getByRole('dialog')
    .getByText(/still used: .*Acme internal/)
    .waitFor()
  await page.context().close()
})

test('a TLS policy takes its context by name, with its hexagon', async () => {
  const page = await visitAs(browser, 'owner')
  const { body } = await machine.must<{ apis: { id: string; name: string }[] }>('GET', '/apis?search=orders')
  const api = body.apis.find(({ name }) => name === 'orders')
  await page.goto(`/catalog/${api?.id}/policies?add=tls`)
  await page.getByRole('combobox', { name: 'mTLS context' }).click()
  const option = page.getByRole('option', { name: /Acme internal/ })
  await option.getByRole('img', { name: 'mTLS, Org Internal' }).waitFor()
  await option.click()
  expect(await page.getByRole('combobox', { name: 'mTLS context' }).innerText()).toContain('Acme internal')
  await page.context().close()
})

test('a CA is rotated within six actions from the home page, under load and without a failed handshake', async () => {
  const port = Number(await kept('https-port'))
  const before = await authorities()
  const old = before.find(({ name }) => name === 'Development root')
  let showing: Showing = { ca: await kept('sample-ca.pem'), pem: await kept('sample-client.pem') }
  const oldClient = showing.pem
  const running = load(port, () => showing)
  const page = await visitAs(browser, 'owner')
  await page.goto('/')
  const actions = new Actions(page)
  await actions.click(page.getByRole('link', { name: /^Certificates/ }).first())
  await actions.click(page.getByRole('navigation', { name: 'Trust' }).getByRole('link', { name: 'CAs' }))
  await actions.click(page.getByRole('link', { name: 'Rotate Development root' }))
  await actions.click(page.getByRole('button', { name: 'Trust both' }))
  await page.getByRole('button', { name: 'Reissue certificates' }).waitFor()

  const made = (await authorities()).filter(({ id }) => !before.some((known) => known.id === id))
  const root = made.find(({ certificate }) => certificate.selfSigned)
  const issuing = made.find(({ certificate }) => !certificate.selfSigned)
  if (!old || !root || !issuing) throw new Error('the rotation made no CA')
  // Whoever calls must trust the new CA before it is shown certificates of it.
  showing = { ...showing, ca: old.pem + root.pem }
  await actions.click(page.getByRole('button', { name: 'Reissue certificates' }))
  await expect.poll(() => running.issuers.get(issuing.name) ?? 0, { timeout: 20_000 }).toBeGreaterThan(10)
  // The client still comes with the old chain, so the old CA may not go.
  await page.getByText(/a chain of Development root is still shown/i).waitFor()
  expect(await page.getByRole('button', { name: 'Drop the old CA' }).count()).toBe(0)
  await lookAtRotation(page)

  showing = { ...showing, pem: await issuedBy(issuing.id) }
  const drop = page.getByRole('button', { name: 'Drop the old CA' })
  await drop.waitFor({ timeout: 30_000 })
  await actions.click(drop)
  actions.expectWithin(6)
  await page.getByText(/has taken the place of/).waitFor()
  const refused = async () => (await ask(port, { ...showing, pem: oldClient })).status
  await expect.poll(refused, { timeout: 20_000 }).toBe(401)
  await running.stop()
  expect(running.failures, await nodeLog()).toEqual([])
  expect(sum(running.issuers)).toBeGreaterThan(50)
  await page.context().close()
})

/** What the node had to say last, for whoever looks for why a handshake failed. */
async function nodeLog(): Promise<string> {
  const folder = path.join(inject('product').dataFolder, 'log')
  const names = (await readdir(folder)).filter((name) => name.includes('gateway'))
  const texts = await Promise.all(names.map((name) => readFile(path.join(folder, name), 'utf8')))
  return texts
    .join('')
    .split('\n')
    .filter((line) => !line.includes('"status":200'))
    .slice(-60)
    .join('\n')
}

/** In the middle of it, while peers are waited for. */
async function lookAtRotation(page: Page): Promise<void> {
  const size = page.viewportSize()
  const faults = await lookAt(page, 'rotation', async () => {
    await page.reload()
    await page.getByText(/still shown/i).waitFor()
  })
  if (size) await page.setViewportSize(size)
  expect(faults).toEqual([])
}
