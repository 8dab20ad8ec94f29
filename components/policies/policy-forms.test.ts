import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, it, vi } from 'vitest'
import { pointerOf, segmentsOf } from '#domain/json-pointer.ts'
import { describePolicy } from '#policies/definition.ts'
import { policies } from '#policies/index.ts'
import { samples } from '#policies/samples.ts'
import { type FormField, readSchema, startValue } from './form-schema.ts'
import { SchemaForm } from './schema-form.tsx'

/** A control of the form as a person meets it: what it shows, and what happens to what is entered. */
interface Control {
  'data-pointer': string
  shown: string | boolean
  enter: (entered: string | boolean) => void
}

const drawn = vi.hoisted(() => ({ controls: [] as Control[] }))

// The form and its fields are real; the controls at its leaves are noted down instead of being drawn.
vi.mock('../ui/input.tsx', () => ({
  Input: ({ value, onChange, ...rest }: Control & { value: string; onChange: (event: object) => void }) => {
    drawn.controls.push({ ...rest, shown: value, enter: (text) => onChange({ target: { value: text } }) })
    return null
  },
}))
vi.mock('../ui/textarea.tsx', () => ({
  Textarea: ({
    value,
    onChange,
    ...rest
  }: Control & { value: string; onChange: (event: object) => void }) => {
    drawn.controls.push({ ...rest, shown: value, enter: (text) => onChange({ target: { value: text } }) })
    return null
  },
}))
vi.mock('../ui/switch.tsx', () => ({
  Switch: ({
    checked,
    onCheckedChange,
    ...rest
  }: Control & { checked: boolean; onCheckedChange: Control['enter'] }) => {
    drawn.controls.push({ ...rest, shown: checked, enter: onCheckedChange })
    return null
  },
}))
vi.mock('../ui/select.tsx', () => ({
  Select: ({
    value,
    onValueChange,
    ...rest
  }: Control & { value: string; onValueChange: Control['enter'] }) => {
    drawn.controls.push({ ...rest, shown: value, enter: onValueChange })
    return null
  },
}))

describe.each(policies.map((policy) => ({ kind: policy.kind, policy })))(
  'the form of $kind',
  ({ kind, policy }) => {
    const form = readSchema(describePolicy(policy).schema)
    const { least, full } = samples[kind] ?? {}
    const filled = [least, full].flatMap((sample) =>
      sample === undefined ? [] : [{ config: asJson(policy.config.parse(sample)) }],
    )

    it('has samples to be tried with', () => expect(filled.length).toBeGreaterThan(1))

    it.each(filled)(
      'has a control for every value, and none changes anything by being left as it is: %j',
      ({ config }) => {
        const { controls, changes } = draw(form, config)
        expect(controls.map((control) => control['data-pointer']).toSorted(byText)).toEqual(
          offered(form, config).toSorted(byText),
        )
        for (const control of controls) control.enter(control.shown)
        expect(changes).toHaveLength(controls.length)
        for (const change of changes) expect(change).toStrictEqual(config)
      },
    )

    it.each(filled)('changes what a control stands for and nothing else: %j', ({ config }) => {
      const { controls, changes } = draw(form, config)
      for (const control of controls) {
        control.enter(typeof control.shown === 'boolean' ? !control.shown : '')
        const path = segmentsOf(control['data-pointer'])
        const changed = changes.at(-1)
        expect(tidy(without(changed, path))).toStrictEqual(tidy(without(config, path)))
      }
    })

    it('starts without null and with every member that is offered', () => {
      const start = startValue(form)
      expect(asJson(start)).toStrictEqual(start)
      expect(JSON.stringify(start)).not.toContain('null')
    })
  },
)

/** Without groups in which nothing is left: one that need not be given goes with the last that was in it. */
function tidy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tidy)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).map(([key, member]) => [key, tidy(member)] as const)
  const kept = members.filter(([, member]) => JSON.stringify(member) !== '{}')
  return Object.fromEntries(kept)
}

function draw(form: FormField, value: unknown) {
  if (form.type !== 'group') throw new Error('a policy is configured by a group of members')
  const changes: unknown[] = []
  drawn.controls = []
  // What is folded away is drawn where something is wrong in it.
  const faults = offered(form, value).map((pointer) => ({ pointer, detail: 'to be looked at' }))
  const onChange = (next: unknown) => changes.push(next)
  const drawnForm = createElement(SchemaForm, {
    ...{ field: form, pointer: '', value, onChange, faults, readOnly: false },
  })
  // What is chosen by its name is asked for; here nothing answers.
  renderToStaticMarkup(createElement(QueryClientProvider, { client: new QueryClient() }, drawnForm))
  return { controls: drawn.controls, changes }
}

/** Where the single values of a configuration stand that a form offers. */
function offered(field: FormField, value: unknown, path: readonly PropertyKey[] = []): string[] {
  if (field.hidden) return []
  if (field.type === 'list' && Array.isArray(value)) {
    return value.flatMap((row, index) => offered(field.item, row, [...path, index]))
  }
  if (field.type === 'group') {
    return field.members.flatMap(({ key, field: member }) =>
      offered(member, memberOf(value, key), [...path, key]),
    )
  }
  return [pointerOf(path)]
}

function memberOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}

/** The value without what stands at a path. */
function without(value: unknown, path: readonly string[]): unknown {
  const copy: unknown = structuredClone(value)
  const last = path.at(-1) ?? ''
  const holder = path.slice(0, -1).reduce(memberOf, copy)
  if (typeof holder === 'object' && holder !== null) Reflect.deleteProperty(holder, last)
  return copy
}

function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

function byText(a: string, b: string): number {
  return a < b ? -1 : 1
}
