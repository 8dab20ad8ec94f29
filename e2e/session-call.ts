import type { Page } from 'playwright-core'

/** Asks the REST API from inside a page, as whoever is signed in there. */
export function call(page: Page, method: string, path: string, body?: unknown, ifMatch?: number) {
  return page.evaluate(
    async ({ method, path, body, ifMatch }) => {
      const headers = new Headers()
      if (body !== undefined) headers.set('content-type', 'application/json')
      if (ifMatch !== undefined) headers.set('if-match', `"${ifMatch}"`)
      const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) }
      const response = await fetch(`/api/v1${path}`, init)
      return { status: response.status, body: response.status === 204 ? null : await response.json() }
    },
    { method, path, body, ifMatch },
  )
}
