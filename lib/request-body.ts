import { Problem } from '#domain/problem.ts'

const depthMax = 64

/** The JSON of a request, read no further than `bytesMax`. */
export async function readJson(request: Request, bytesMax: number): Promise<unknown> {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/(?:[\w.+-]+\+)?json\b/i.test(type)) {
    throw new Problem('request.media-type', 'Send application/json.')
  }
  const body = parseJson(await readText(request, bytesMax))
  requireTame(body, 1)
  return body
}

/** Refuses the body of a request to an operation that takes none. */
export async function refuseBody(request: Request): Promise<void> {
  for await (const chunk of request.body ?? []) {
    if (chunk.length > 0) throw new Problem('request.invalid', 'This operation takes no body.')
  }
}

/** Refuses text that the database could not keep as it is. */
export function requireText(text: string): void {
  if (!text.includes('\0') && text.isWellFormed()) return
  throw new Problem('request.malformed', 'A text holds a NUL or half of a surrogate pair.')
}

async function readText(request: Request, bytesMax: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request.body ?? []) {
    bytes += chunk.length
    if (bytes > bytesMax)
      throw new Problem('request.too-large', `The body may have ${bytesMax} bytes at most.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Problem('request.malformed', `The body is not JSON: ${reason}`)
  }
}

// Whatever walks a body later may do so by recursion, and copy its members without a second thought.
function requireTame(value: unknown, depth: number): void {
  if (typeof value === 'string') return requireText(value)
  if (typeof value !== 'object' || value === null) return
  if (depth > depthMax) {
    throw new Problem('request.malformed', `The body is nested deeper than ${depthMax} levels.`)
  }
  if (Array.isArray(value)) return value.forEach((member) => requireTame(member, depth + 1))
  for (const [name, member] of Object.entries(value)) {
    requireText(name)
    if (name === '__proto__') throw new Problem('request.malformed', 'A member may not be called __proto__.')
    requireTame(member, depth + 1)
  }
}
