/** Reads an SVG document as a program would that knows XML and nothing of Hexgate. */

export interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: Element[]
  text: string
}

const token = /<\?xml[^?]*\?>\s*|<(\/?)([\w:-]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|([^<>]+)/gy
const attribute = /([\w:-]+)="([^"]*)"/g
const entities: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', '#39': "'" }

/** Refuses whatever is not well-formed. */
export function readXml(source: string): Element {
  const root: Element = { name: '', attributes: {}, children: [], text: '' }
  const open = [root]
  token.lastIndex = 0
  while (token.lastIndex < source.length) {
    const at = token.lastIndex
    const found = token.exec(source)
    if (!found) throw new Error(`no XML at ${at}: ${source.slice(at, at + 60)}`)
    const [, closing, name, attributes = '', empty, text] = found
    const inside = open.at(-1) ?? root
    if (text !== undefined) inside.text += unescaped(text)
    if (name === undefined) continue
    if (closing) {
      if (open.pop()?.name !== name) throw new Error(`</${name}> ends nothing at ${at}`)
      continue
    }
    const element = { name, attributes: attributesIn(attributes), children: [], text: '' }
    inside.children.push(element)
    if (!empty) open.push(element)
  }
  if (open.length !== 1 || root.children.length !== 1) throw new Error('not one element with an end')
  return root.children[0] ?? root
}

function attributesIn(text: string): Record<string, string> {
  const pairs = [...text.matchAll(attribute)].map(([, name = '', value = '']) => [name, unescaped(value)])
  if (new Set(pairs.map(([name]) => name)).size < pairs.length) throw new Error(`an attribute twice: ${text}`)
  return Object.fromEntries(pairs) as Record<string, string>
}

function unescaped(text: string): string {
  return text.replace(/&([^;]*);?/g, (whole, name: string) => {
    const character = entities[name]
    if (character === undefined) throw new Error(`no entity: ${whole}`)
    return character
  })
}

/** The element itself and all that stands inside. */
export function allOf(element: Element): Element[] {
  return [element, ...element.children.flatMap(allOf)]
}

export function withAttribute(element: Element, name: string): Element[] {
  return allOf(element).filter(({ attributes }) => attributes[name] !== undefined)
}

/** All that is written, by whatever element. */
export function wordsIn(element: Element): string[] {
  return allOf(element)
    .filter(({ name }) => name === 'text')
    .map(({ text }) => text)
}

export interface ReadFlow {
  readonly pattern: string
  readonly useCase: string
  readonly role: string
  /** The required contexts from consumer to provider, with the gateway between them. */
  readonly hexagons: string[]
  readonly legs: Element[]
}

/** Flows as the picture has them, by `consumer to API`. */
export function flowsIn(svg: Element): ReadonlyMap<string, ReadFlow> {
  const legs = new Map(withAttribute(svg, 'data-leg').map((leg) => [leg.attributes['data-leg'], leg]))
  return new Map(
    allOf(svg)
      .filter(({ name }) => name === 'flow')
      .map(({ attributes }) => {
        const onFlow = (attributes['legs'] ?? '').split(' ').flatMap((id) => legs.get(id) ?? [])
        const hexagons = onFlow.flatMap((leg) => [
          ...(leg.attributes['data-required'] === 'true' ? [leg.attributes['data-expected'] ?? ''] : []),
          ...(leg.attributes['data-to']?.startsWith('gateway:') ? ['gateway'] : []),
        ])
        const { pattern = '', role = '', consumer, api } = attributes
        const read = { pattern, role, useCase: attributes['use-case'] ?? '', hexagons, legs: onFlow }
        return [`${consumer} to ${api}`, read] as const
      }),
  )
}
