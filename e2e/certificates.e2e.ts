import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest'
import {
  type Authority,
  createAuthority,
  type KeyAndCertificate,
} from '#gateway-runtime/testing/certificates.ts'
import { fileText } from '#lib/trust/testing/files.ts'
import { freePort } from '#scripts/ports.ts'
import { Actions } from './actions.ts'
import { launchBrowser, visitAs } from './browser.ts'
import { type EchoUpstream, startEcho } from './echo-upstream.ts'
import { freshName } from './live-api.ts'
import { lookAt } from './look-at.ts'
import { Machine } from './machine.ts'
import { importCertificate, type SecuredApi, securedApi } from './secured-api.ts'
import { askByTls } from './tls-client.ts'

const dayMs = 86_400_000
const inDays = (days: number) => new Date(Date.now() + days * dayMs)

let browser: Browser
let machine: Machine
let echo: EchoUpstream
let ca: Authority
let server: KeyAndCertificate
let client: KeyAndCertificate
let secured: SecuredApi

beforeAll(async () => {
  browser = await launchBrowser()
  machine = await Machine.at(inject('product'))
  echo = await startEcho()
  ca = await createAuthority('Acme Internal CA', { notAfter: inDays(1_500) })
  server = await leaf(12.5)
  client = await ca.issue({ names: ['uri:spiffe://acme/shop'], usage: 'client' })
  secured = await securedApi(machine, echo.url, ca, server, client, await freePort())
}, 180_000)
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()))
})
afterAll(async () => {
  await browser?.close()
  await echo?.close()
})

function leaf(days: number, names = ['dns:localhost', 'dns:orders.internal']): Promise<KeyAndCertificate> {
  return ca.issue({
    subject: 'CN=orders.internal,O=Acme',
    names,
    usage: 'server',
    notBefore: inDays(-78),
    notAfter: inDays(days),
  })
}

const tile = (page: Page) => page.getByRole('link', { name: /^Certificates, next 30 days/ })
const toRow = (page: Page) => page.getByRole('row', { name: new RegExp(secured.certificateName) })
const pemFile = (text: string) => ({ name: 'orders.pem', type: 'application/x-pem-file', text })
const ask = () => askByTls(secured.port, `/${secured.name}/echo`, ca.certificate, client)

/** What of private keys stands in the texts that a page has received. */
function secretsSeen(page: Page, keys: readonly string[]): () => string[] {
  const sent: string[] = []
  page.on('response', (response) => {
    // An answer that is a redirect or was cancelled has no body.
    void response.text().then(
      (text) => sent.push(text),
      () => undefined,
    )
  })
  const lines = keys.flatMap((key) => key.split('\n')[1] ?? [])
  return () => {
    expect(sent.join('')).toContain('BEGIN CERTIFICATE')
    return [...lines, 'PRIVATE KEY-----'].filter((line) => sent.some((text) => text.includes(line)))
  }
}

test('what expires within 30 days is one action from home, and what breaks then two', async () => {
  const page = await visitAs(browser, 'owner')
  await page.goto('/')
  const actions = new Actions(page)
  await actions.click(tile(page))
  await toRow(page).getByText('12 days').waitFor()
  expect(await toRow(page).innerText()).toMatch(/1 API, 1 consumer, [12] legs?/)
  actions.expectWithin(1)
  await actions.click(toRow(page).getByRole('link', { name: secured.certificateName, exact: true }))
  await page.getByRole('heading', { name: 'What fails when it lapses' }).waitFor()
  await page.getByRole('link', { name: new RegExp(`^${secured.name}`) }).waitFor()
  actions.expectWithin(2)
  await page.getByRole('link', { name: /^Certificates \d+ needs? somebody/ }).waitFor()
  await page.getByRole('link', { name: / to edge$/ }).click()
  await page.waitForURL(/\/topology\?select=leg/)
  await page.getByText('STRICT: a valid client certificate is needed').waitFor()
})

test('a leaf is rotated in four actions while its node goes on serving, and can be gone back to', async () => {
  const fresh = await leaf(90)
  const page = await visitAs(browser, 'operator')
  const secrets = secretsSeen(page, [server.key, fresh.key])
  await page.goto('/')
  const load = handshakes()
  const actions = new Actions(page)
  await actions.click(
    page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Certificates/ }),
  )
  await actions.click(page.getByRole('button', { name: `Rotate ${secured.certificateName}` }))
  const dialog = page.getByRole('dialog', { name: `Rotate ${secured.certificateName}` })
  await actions.drop(dialog.getByText('Drop it anywhere here'), pemFile(fresh.chain + fresh.key))
  await dialog.getByText('Its private key matches.').waitFor()
  await actions.click(dialog.getByRole('button', { name: 'Rotate on 1 gateway' }))
  const done = page.getByRole('dialog', { name: `${secured.certificateName} is renewed` })
  await done.getByText('applied on 1 of 1 nodes').waitFor()
  actions.expectWithin(4)

  await done.getByRole('button', { name: 'Go back to version 1' }).click()
  const back = page.getByRole('dialog', { name: `${secured.certificateName} is as it was` })
  await back.getByText('applied on 1 of 1 nodes').waitFor()
  await back.getByRole('button', { name: 'Done' }).click()
  const { answered, failures } = await load.stop()
  expect(failures).toEqual([])
  expect(answered).toBeGreaterThan(20)

  await page.goto(`/certificates/${secured.certificateId}`)
  const versions = page.getByRole('table', { name: /^Versions of/ })
  await versions.getByRole('button', { name: 'Restore version 2' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Restore' }).click()
  await versions.getByRole('row', { name: /^2.*shown/ }).waitFor()
  await page.getByText(/^89 days left$|^90 days left$/).waitFor()
  expect(secrets()).toEqual([])
})

/** Handshakes one after the other, each on a connection of its own. */
function handshakes() {
  let running = true
  let answered = 0
  const failures: string[] = []
  const loop = (async () => {
    while (running) {
      const status = await ask().then(
        (answer) => answer.status,
        (error: unknown) => `${String(error)} after ${answered} answers`,
      )
      if (status === 200) answered += 1
      else failures.push(String(status))
    }
  })()
  return {
    stop: async () => {
      running = false
      await loop
      return { answered, failures }
    },
  }
}

test('what is not well is said before, and a rotation without the key is not offered', async () => {
  const page = await visitAs(browser, 'owner')
  await page.goto(`/certificates/${secured.certificateId}?rotate`)
  const dialog = page.getByRole('dialog', { name: `Rotate ${secured.certificateName}` })
  const lesser = await leaf(5, ['dns:localhost'])
  const drop = new Actions(page)
  await drop.drop(dialog, pemFile(lesser.chain))
  await dialog.getByText('It comes without its key, so it cannot be shown.').waitFor()
  await dialog.getByText('It no longer has orders.internal.').waitFor()
  await dialog.getByText('It ends before the one that is shown.').waitFor()
  expect(await dialog.getByRole('button', { name: 'Rotate on 1 gateway' }).isDisabled()).toBe(true)
  const faults = await lookAt(page, 'certificate-rotate', async () => {
    await page.goto(`/certificates/${secured.certificateId}?rotate`)
    await drop.drop(dialog, pemFile(lesser.chain))
    await dialog.getByText('It no longer has orders.internal.').waitFor()
    await dialog.getByText('Whom it reaches').waitFor()
  })
  expect(faults).toEqual([])
})

test('a file that cannot be taken is refused beside the field, with what is wrong and what to do', async () => {
  const page = await visitAs(browser, 'owner')
  await page.goto('/certificates?add')
  const dialog = page.getByRole('dialog', { name: 'Add a certificate' })
  const refused = async (file: { name: string; type: string; text: string }, words: string | RegExp) => {
    await new Actions(page).drop(dialog, file)
    await dialog.getByRole('alert').filter({ hasText: words }).waitFor()
  }
  const other = await leaf(30)
  await refused(pemFile('no certificate at all'), 'This is neither PEM nor a Secret of Kubernetes.')
  await refused(pemFile(server.chain + other.key), /private key/)
  await refused(
    pemFile(await fileText('ec.csr')),
    'a certificate request, not a certificate: have it signed first',
  )
  await refused(pemFile(server.chain.slice(0, 200)), /does not end/)
  await refused({ name: 'x.yaml', type: 'text/yaml', text: 'kind: ConfigMap' }, /not a Secret/)
  expect(await dialog.getByRole('button', { name: 'Import' }).isDisabled()).toBe(true)
})

test('a PKCS#12 file is opened with its password, named after itself and imported', async () => {
  const name = freshName('java')
  const page = await visitAs(browser, 'owner')
  await page.goto('/certificates')
  await page.getByRole('button', { name: 'Add certificate' }).first().click()
  const dialog = page.getByRole('dialog', { name: 'Add a certificate' })
  await dialog.locator('input[type=file]').setInputFiles('lib/trust/testing/files/rsa-modern.p12')
  await dialog.getByText('The PKCS#12 file needs a password.').waitFor()
  await dialog.getByLabel(/^Password of the file/).fill('wrong')
  await dialog.getByRole('button', { name: 'Open' }).click()
  await expect.poll(() => dialog.innerText()).toContain('The PKCS#12 file does not open with that password.')
  await dialog.getByLabel(/^Password of the file/).fill('geheim')
  await dialog.getByRole('button', { name: 'Open' }).click()
  const named = dialog.getByLabel(/^Name(?!s)/)
  await named.waitFor()
  expect(await named.inputValue()).toBe('rsa-modern')
  await named.fill(name)
  await dialog.getByRole('button', { name: 'Import' }).click()
  await page.getByRole('heading', { level: 1, name }).waitFor()
  await page.getByText('Nothing: no context shows it.').waitFor()
})

test('a certificate of the development CA is issued, and issued again with nothing to choose', async () => {
  const name = freshName('dev')
  const page = await visitAs(browser, 'admin')
  await page.goto('/certificates?add')
  const dialog = page.getByRole('dialog', { name: 'Add a certificate' })
  await dialog.getByRole('tab', { name: 'Issue here' }).click()
  const make = dialog.getByRole('button', { name: 'Make a development CA' })
  const issuer = dialog.getByRole('combobox', { name: /^Issued by/ })
  await make.or(issuer).waitFor()
  if (await make.isVisible()) await make.click()
  await issuer.waitFor()
  await dialog.getByLabel(/^Name(?!s)/).fill(name)
  await dialog.getByRole('button', { name: 'Issue', exact: true }).click()
  await dialog.getByText('A server certificate needs a name by which clients know the server.').waitFor()
  await dialog.getByLabel(/^Names/).fill('dev.internal 10.0.0.7')
  await dialog.getByRole('button', { name: 'Issue', exact: true }).click()
  await page.getByRole('heading', { level: 1, name }).waitFor()
  await page.getByText('dev.internal').first().waitFor()

  await page.goto('/certificates')
  const actions = new Actions(page)
  await actions.click(page.getByRole('button', { name: `Rotate ${name}` }))
  await actions.click(page.getByRole('dialog').getByRole('button', { name: 'Rotate', exact: true }))
  await page.getByRole('dialog', { name: `${name} is renewed` }).waitFor()
  actions.expectWithin(2)
})

test('a key is made here, its request is signed elsewhere, and the answer completes it', async () => {
  const name = freshName('asked')
  const page = await visitAs(browser, 'owner')
  await page.goto('/certificates?add')
  const dialog = page.getByRole('dialog', { name: 'Add a certificate' })
  await dialog.getByRole('tab', { name: 'Key and request' }).click()
  await dialog.getByLabel(/^Name(?!s)/).fill(name)
  await dialog.getByLabel(/^Names/).fill('asked.internal')
  await dialog.getByRole('button', { name: 'Make key and request' }).click()
  await page.getByText('A request waits to be signed').waitFor()
  const csr = (await page.locator('pre').textContent()) ?? ''
  expect(csr).toContain('BEGIN CERTIFICATE REQUEST')
  expect(csr).not.toContain('PRIVATE')
  const { issuing } = (await machine.must<{ issuing: { id: string } }>('POST', '/authorities/development'))
    .body
  const signed = await machine.must<{ pem: string }>('POST', `/authorities/${issuing.id}/sign`, {
    body: { csr, kind: 'server', lifetimeDays: 60 },
  })
  await page.getByRole('button', { name: 'Complete it' }).click()
  const rotate = page.getByRole('dialog', { name: `Rotate ${name}` })
  await new Actions(page).drop(rotate, pemFile(signed.body.pem))
  await rotate.getByText('It answers the request that is out: its key is here.').waitFor()
  await rotate.getByRole('button', { name: 'Rotate' }).click()
  await page.getByRole('dialog', { name: `${name} is renewed` }).waitFor()
})

test('somebody who may only look sees everything and is offered nothing to change', async () => {
  const page = await visitAs(browser, 'reviewer')
  await page.goto('/certificates')
  await toRow(page).waitFor()
  expect(await page.getByRole('button', { name: /^(?:Rotate|Add certificate)/ }).count()).toBe(0)
  await page.goto(`/certificates/${secured.certificateId}?rotate`)
  await page.getByRole('heading', { name: 'Chain' }).waitFor()
  expect(await page.getByRole('dialog').count()).toBe(0)
  expect(await page.getByRole('button', { name: /^(?:Rotate|Restore|Retire|Change)/ }).count()).toBe(0)
})

const looks: { name: string; address: () => string; arrive: (page: Page) => Promise<unknown> }[] = [
  {
    name: 'certificates',
    address: () => '/certificates',
    arrive: (page) => toRow(page).waitFor(),
  },
  {
    name: 'certificates-none',
    address: () => '/certificates?search=nothing-has-this-name',
    arrive: (page) => page.getByText('No certificate matches').filter({ visible: true }).waitFor(),
  },
  {
    name: 'certificate',
    address: () => `/certificates/${secured.certificateId}`,
    arrive: (page) => page.getByRole('heading', { name: 'What fails when it lapses' }).waitFor(),
  },
  {
    name: 'certificate-add',
    address: () => '/certificates?add',
    arrive: async (page) => {
      const dialog = page.getByRole('dialog')
      await new Actions(page).drop(dialog, pemFile(server.chain + server.key))
      await dialog.getByText('private key included').waitFor()
    },
  },
  {
    name: 'certificate-issue',
    address: () => '/certificates?add',
    arrive: async (page) => {
      await page.getByRole('tab', { name: 'Issue here' }).click()
      await page.getByLabel(/^Names/).waitFor()
      await page.getByRole('combobox', { name: /^Issued by/ }).waitFor()
    },
  },
  { name: 'overview-certificates', address: () => '/', arrive: (page) => tile(page).waitFor() },
]

test.each(looks)('$name: whole at both widths and in both themes', async ({ name, address, arrive }) => {
  for (const [index, days] of [-2, 20, 40, 75, 160, 800].entries()) {
    if (name === 'certificates') {
      await importCertificate(machine, freshName(`look-${index}`), await leaf(days))
    }
  }
  const page = await visitAs(browser, 'admin')
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text())
  })
  faults.push(
    ...(await lookAt(page, name, async () => {
      await page.goto(address())
      await arrive(page)
    })),
  )
  expect(faults).toEqual([])
})
