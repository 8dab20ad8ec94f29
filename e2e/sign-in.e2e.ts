import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { launchBrowser, openPage, pageAs, signIn } from './browser.ts'
import { call } from './session-call.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())

test('whoever is not signed in is led to sign in and comes back to the page that they asked for', async () => {
  const { page } = await openPage(browser)
  await page.goto('/deployments?gateway=all')
  expect(new URL(page.url()).pathname).toBe('/signin')
  await page.getByRole('link', { name: 'Sign in' }).click()
  await page.getByLabel('E-mail address').fill('operator@demo.hexgate.test')
  await page.getByLabel('Password').fill(inject('product').password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL(`${inject('product').portal}/deployments?gateway=all`)
})

test('a wrong password is said at the form, keeps the address and signs nobody in', async () => {
  const { context, page } = await openPage(browser)
  await signIn(page, 'owner', 'not the password')
  await page.getByRole('alert').filter({ hasText: 'The e-mail address or the password is wrong.' }).waitFor()
  expect(await page.getByLabel('E-mail address').inputValue()).toBe('owner@demo.hexgate.test')
  expect(await page.getByLabel('Password').inputValue()).toBe('')
  const names = (await context.cookies()).map(({ name }) => name)
  expect(names.some((name) => name.endsWith('hexgate.session'))).toBe(false)
})

test('no script can read the session', async () => {
  const { context, page } = await pageAs(browser, 'owner')
  const session = (await context.cookies()).find(({ name }) => name.endsWith('hexgate.session'))
  expect(session).toMatchObject({ httpOnly: true, sameSite: 'Lax' })
  expect(await page.evaluate(() => document.cookie)).not.toContain('hexgate')
})

test('a reviewer who tries to deploy is refused by the server', async () => {
  const { page } = await pageAs(browser, 'reviewer')
  const { gateways } = (await call(page, 'GET', '/gateways')).body as { gateways: { id: string }[] }
  const path = `/gateways/${gateways[0]?.id}/revisions`
  const refused = await call(page, 'POST', path, { expectedHeadRevision: 0 })
  expect(refused).toMatchObject({ status: 403, body: { code: 'access.denied' } })
})

test('signing out ends it at both ends: the next sign-in asks for the password again', async () => {
  const { context, page } = await pageAs(browser, 'admin')
  await page.goto('/deployments')
  const before = await context.cookies()
  await page.getByRole('button', { name: /Ada Admin/ }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor()
  await page.goto('/signin')
  await page.getByRole('link', { name: 'Sign in' }).click()
  await page.getByLabel('Password').waitFor()
  // The cookies of before are worth nothing, to whoever kept them.
  await context.addCookies(before)
  await page.goto('/deployments')
  expect(new URL(page.url()).pathname).toBe('/signin')
  await page.getByText('Your session has ended').waitFor()
})

test('a member who is removed is out at the next page, and back in once added again', async () => {
  const email = 'operator@demo.hexgate.test'
  const removed = await pageAs(browser, 'operator')
  const admin = await pageAs(browser, 'admin')
  const { members } = (await call(admin.page, 'GET', '/members')).body as {
    members: { id: string; email: string; version: number }[]
  }
  const member = members.find((one) => one.email === email)
  const path = `/members/${member?.id}`
  expect((await call(admin.page, 'DELETE', path, undefined, member?.version)).status).toBe(204)
  expect((await removed.page.goto('/deployments'))?.status()).toBe(403)
  await removed.page.getByText('You belong to no organisation here').waitFor()
  expect((await call(admin.page, 'POST', '/members', { email, role: 'operator' })).status).toBe(201)
  expect((await removed.page.goto('/deployments'))?.status()).toBe(200)
})
