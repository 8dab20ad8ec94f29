import type { FlowFact, Mark, Scene, TextMark } from './scene.ts'
import { printable } from './text.ts'

/** A scene as an SVG document that needs nothing from anywhere. Equal scenes are equal text. */

const family = "Geist, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

type Attributes = Readonly<Record<string, string | number | undefined>>

export function toSvg(scene: Scene): string {
  const { width, height } = scene
  const [titleId, descriptionId] = ['hexgate-title', 'hexgate-description']
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<svg${attributes({
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${number(width)} ${number(height)}`,
      width,
      height,
      role: 'img',
      'aria-labelledby': `${titleId} ${descriptionId}`,
      'font-family': family,
    })}>`,
    element('title', { id: titleId }, text(scene.title)),
    element('desc', { id: descriptionId }, text(scene.description)),
    element('metadata', {}, scene.flows.map(flow).join('\n')),
    element('rect', { width, height, fill: scene.background }),
    ...scene.marks.map(mark),
    '</svg>\n',
  ].join('\n')
}

function flow({ id, consumer, api, useCase, pattern, role, legs }: FlowFact): string {
  return element('flow', {
    xmlns: 'urn:hexgate:topology',
    id,
    consumer,
    api,
    'use-case': useCase,
    pattern,
    role,
    legs: legs.join(' '),
  })
}

function mark(each: Mark): string {
  switch (each.kind) {
    case 'box': {
      const { x, y, width, height } = each.box
      return element('rect', { x, y, width, height, rx: each.radius || undefined, ...looks(each) })
    }
    case 'path':
      return element('path', { d: each.d, ...looks(each) })
    case 'polygon':
      return element('polygon', { points: each.points, 'stroke-linejoin': 'round', ...looks(each) })
    case 'text':
      return textElement(each)
    case 'group': {
      const { at, title, facts = {}, opacity, marks } = each
      const named = title === undefined ? [] : [element('title', {}, text(title))]
      const content = [...named, ...marks.map(mark)].join('\n')
      return element(
        'g',
        {
          transform: at && `translate(${number(at.x)} ${number(at.y)})`,
          opacity,
          ...Object.fromEntries(Object.entries(facts).map(([name, value]) => [`data-${name}`, value])),
        },
        `\n${content}\n`,
      )
    }
  }
}

function textElement({ at, text: shown, size, weight, fill, anchor, halo, whole }: TextMark): string {
  const title = whole === undefined ? '' : element('title', {}, text(whole))
  return element(
    'text',
    {
      x: at.x,
      y: at.y,
      'font-size': size,
      'font-weight': weight === 400 ? undefined : weight,
      'text-anchor': anchor === 'start' ? undefined : anchor,
      fill,
      stroke: halo,
      'stroke-width': halo && 3,
      'stroke-linejoin': halo && 'round',
      'paint-order': halo && 'stroke',
    },
    `${title}${text(shown)}`,
  )
}

type Looks = Pick<Extract<Mark, { kind: 'path' }>, 'fill' | 'stroke' | 'strokeWidth' | 'dash'>

function looks({ fill, stroke, strokeWidth, dash }: Looks): Attributes {
  return {
    fill: fill ?? 'none',
    stroke: stroke ?? undefined,
    'stroke-width': stroke ? strokeWidth : undefined,
    'stroke-dasharray': dash,
  }
}

function element(name: string, given: Attributes, content = ''): string {
  const start = `<${name}${attributes(given)}`
  return content === '' ? `${start}/>` : `${start}>${content}</${name}>`
}

function attributes(given: Attributes): string {
  return Object.entries(given)
    .map(([name, value]) => {
      if (value === undefined) return ''
      return ` ${name}="${typeof value === 'number' ? number(value) : text(value)}"`
    })
    .join('')
}

function number(value: number): string {
  return String(Math.round(value * 100) / 100)
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text as it stands in content and in attributes. */
function text(value: string): string {
  return printable(value).replace(/[&<>"']/g, (character) => entities[character] ?? '')
}
