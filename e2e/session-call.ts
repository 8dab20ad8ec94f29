import type { Page } from 'playwright-core'

/** Asks the REST API from inside a page, as whoever is signed in there. */
export function call(page: Page, method: string, path: string, body?: unknown) {
  return page.evaluate(
    async ({ method, path, body }) => {
      const headers = { 'content-type': 'application/json' }
      const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) }
      const response = await fetch(`/api/v1${path}`, init)
      return { status: response.status, body: response.status === 204 ? null : await response.json() }
    },
    { method, path, body },
  )
}
