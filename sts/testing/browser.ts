/** A browser for tests, as far as signing in needs one: it keeps cookies for each host and follows redirects. */
export class Browser {
  readonly #cookies = new Map<string, Map<string, string>>()
  readonly #local: Record<string, (request: Request) => Promise<Response>>

  /** `local` answers for whole origins without a network, e.g. for the portal. */
  constructor(local: Record<string, (request: Request) => Promise<Response>> = {}) {
    this.#local = local
  }

  /** Requests an address and follows its redirects, up to one that `stopAt` names. */
  async open(
    url: string,
    init: RequestInit = {},
    stopAt?: string,
  ): Promise<{ url: string; response: Response }> {
    let next = { url, init }
    for (let hops = 0; hops < 12; hops++) {
      const response = await this.request(next.url, next.init)
      const location = response.headers.get('location')
      if (location === null) return { url: next.url, response }
      const target = new URL(location, next.url).href
      if (stopAt && target.startsWith(stopAt)) return { url: target, response }
      await response.body?.cancel()
      next = { url: target, init: {} }
    }
    throw new Error(`too many redirects from ${url}`)
  }

  /** One request, with the host's cookies, that follows nothing. */
  async request(url: string, init: RequestInit = {}): Promise<Response> {
    // Cookies know no ports: everything on localhost shares them, here as in a browser.
    const { hostname } = new URL(url)
    const jar = this.#cookies.get(hostname) ?? new Map<string, string>()
    this.#cookies.set(hostname, jar)
    const headers = new Headers(init.headers)
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    if (cookie) headers.set('cookie', cookie)
    // A browser names the host that it asks; a Request alone does not.
    headers.set('host', new URL(url).host)
    const request = new Request(url, { ...init, headers, redirect: 'manual' })
    const response = await (this.#local[new URL(url).origin] ?? fetch)(request)
    this.keep(hostname, response)
    return response
  }

  /** Keeps the cookies that a response sets. */
  keep(hostname: string, response: Response): void {
    const jar = this.#cookies.get(hostname) ?? new Map<string, string>()
    this.#cookies.set(hostname, jar)
    for (const line of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(';')
      const name = pair.slice(0, pair.indexOf('='))
      if (attributes.some(isOver)) jar.delete(name)
      else jar.set(name, pair.slice(name.length + 1))
    }
  }

  cookies(hostname: string): ReadonlyMap<string, string> {
    return this.#cookies.get(hostname) ?? new Map()
  }

  /** Sends the form of a page, with what is filled in. */
  async submit(
    page: { url: string; html: string },
    fields: Record<string, string>,
    stopAt?: string,
  ): Promise<{ url: string; response: Response }> {
    const action = /<form[^>]*action="([^"]*)"/.exec(page.html)?.[1]
    if (!action) throw new Error(`no form in ${page.html}`)
    const hidden = [...page.html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)]
    const body = new URLSearchParams([
      ...hidden.map(([, name = '', value = '']) => [name, value]),
      ...Object.entries(fields),
    ])
    return this.open(new URL(action, page.url).href, { method: 'POST', body }, stopAt)
  }
}

function isOver(attribute: string): boolean {
  const [name = '', value = ''] = attribute.trim().split('=')
  if (name.toLowerCase() === 'max-age') return Number(value) <= 0
  return name.toLowerCase() === 'expires' && Date.parse(value) <= Date.now()
}
