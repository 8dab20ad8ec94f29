/** Paths with parameters, as OpenAPI writes them: `/agencies/{agency}/orders`, `*` for any step, `/**` for any rest. */

/** The values of the parameters, decoded; undefined where the path is another one. */
export type PathMatch = (path: string) => ReadonlyMap<string, string> | undefined

const parameter = /^\{([A-Za-z_][\w.-]{0,99})\}$/
const literal = /^[^{}*]*$/

/** Why a text is no template, or undefined when it is one. */
export function templateFault(template: string): string | undefined {
  if (!template.startsWith('/')) return 'must begin with /'
  const steps = template.slice(1).split('/')
  const names = parametersOf(template)
  if (new Set(names).size < names.length) return 'names a parameter twice'
  const wrong = steps.find(
    (step, index) =>
      !literal.test(step) &&
      !parameter.test(step) &&
      step !== '*' &&
      !(step === '**' && index === steps.length - 1),
  )
  return wrong === undefined ? undefined : `${wrong} is neither text nor {name}, * or a last **`
}

export function parametersOf(template: string): string[] {
  return template.split('/').flatMap((step) => parameter.exec(step)?.[1] ?? [])
}

/** Compiles a template that is free of faults. A path whose parameter does not decode is another path. */
export function compileTemplate(template: string): PathMatch {
  const steps = template.slice(1).split('/')
  const takesRest = steps.at(-1) === '**'
  if (takesRest) steps.pop()
  const names = steps.map((step) => parameter.exec(step)?.[1])
  return (path) => {
    const given = path.slice(1).split('/')
    if (takesRest ? given.length < steps.length : given.length !== steps.length) return undefined
    const values = new Map<string, string>()
    for (const [index, step] of steps.entries()) {
      const text = given[index] ?? ''
      const name = names[index]
      if (name !== undefined) {
        const value = decoded(text)
        if (value === undefined || value === '') return undefined
        values.set(name, value)
      } else if (step === '*' ? text === '' : text !== step) return undefined
    }
    return values
  }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
