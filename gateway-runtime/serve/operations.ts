/** The operations of an API by method and path, for counting: which one a request was for. */

interface Step {
  readonly literals: Map<string, Step>
  /** Any one segment. */
  any: Step | null
  /** The names of the operations that end here, by method. */
  names: Map<string, string> | null
}

/** An operation as OpenAPI has it: `GET`, `/orders/{id}`. */
export interface DeclaredOperation {
  readonly method: string
  readonly path: string
}

/** Finds the operation of a request without making anything but the segments of its path. */
export class Operations {
  private readonly root = emptyStep()

  constructor(declared: readonly DeclaredOperation[]) {
    for (const { method, path } of declared) {
      let step = this.root
      for (const segment of path.split('/').slice(1)) step = stepTo(step, segment)
      step.names ??= new Map()
      step.names.set(method, `${method} ${path}`)
    }
  }

  /** Its name, such as `GET /orders/{id}`; undefined where none was declared. Text goes before a parameter. */
  find(method: string, path: string): string | undefined {
    // RFC 9110 §9.3.2: HEAD is GET without the body.
    return (
      find(this.root, path, 1, method) ?? (method === 'HEAD' ? find(this.root, path, 1, 'GET') : undefined)
    )
  }
}

function emptyStep(): Step {
  return { literals: new Map(), any: null, names: null }
}

// A segment that is a parameter in part is one as a whole: nobody else will be there.
function stepTo(from: Step, segment: string): Step {
  if (segment.includes('{')) return (from.any ??= emptyStep())
  const known = from.literals.get(segment)
  if (known !== undefined) return known
  const made = emptyStep()
  from.literals.set(segment, made)
  return made
}

function find(step: Step, path: string, start: number, method: string): string | undefined {
  const slash = path.indexOf('/', start)
  const isLast = slash < 0
  const segment = isLast ? path.slice(start) : path.slice(start, slash)
  const literal = step.literals.get(segment)
  const exact = literal && (isLast ? literal.names?.get(method) : find(literal, path, slash + 1, method))
  if (exact !== undefined || step.any === null || segment === '') return exact
  return isLast ? step.any.names?.get(method) : find(step.any, path, slash + 1, method)
}
