'use client'
import { useQuery } from '@tanstack/react-query'
import { type DocumentPlan } from '#domain/documents.ts'
import { networkClasses } from '#domain/network.ts'
import { hexagonLook } from '#diagram/hexagon.ts'
import { Field } from '../ui/field.tsx'
import { Select } from '../ui/select.tsx'
import type { Choices } from './choices.ts'
import { Group, Head } from './plan-group.tsx'
import { documentQueries } from './queries.ts'

interface Props {
  plan: DocumentPlan
  choices: Choices
  onChoose: (choices: Choices) => void
}

/** Contexts with their class, which documents do not say. */
export function PlannedContexts({ plan: { contexts }, choices, onChoose }: Props) {
  if (contexts.length === 0) return null
  return (
    <Group title="mTLS contexts">
      {contexts.map(({ name, isNew, authorities, keystore, class: cls, because }) => (
        <li key={name} className="flex flex-col gap-1.5 px-2.5 py-1.5">
          <Head name={name} isNew={isNew} known="there already" />
          <p className="text-xs break-words text-ink-2">
            trusts {authorities.join(', ')}
            {keystore === null ? '' : `; shows ${keystore}`}
          </p>
          <Field
            label={<span className="text-xs">Class</span>}
            description={choices.contexts[name] ? 'As chosen here.' : because}
          >
            {(control) => (
              <Select
                {...control}
                value={choices.contexts[name] ?? cls}
                onValueChange={(value) => {
                  const chosen = networkClasses.find((one) => one === value)
                  if (chosen) onChoose({ ...choices, contexts: { ...choices.contexts, [name]: chosen } })
                }}
                options={networkClasses.map((value) => ({ value, label: hexagonLook[value].label }))}
              />
            )}
          </Field>
        </li>
      ))}
    </Group>
  )
}

const asPlanned = 'planned'
const leftOut = 'none'

/** Consumers that documents name, each with the network that it is to stand in. */
export function PlannedConsumers({ plan: { consumers }, choices, onChoose }: Props) {
  const networks = useQuery(documentQueries.networks())
  if (consumers.length === 0) return null
  const choose = (name: string, value: string) => {
    const { [name]: _, ...others } = choices.consumers
    const chosen = value === leftOut ? null : value
    onChoose({ ...choices, consumers: value === asPlanned ? others : { ...others, [name]: chosen } })
  }
  return (
    <Group title="Consumers">
      {consumers.map(({ name, isNew, apis, knownBy, network, because }) => (
        <li key={name} className="flex flex-col gap-1.5 px-2.5 py-1.5">
          <Head name={name} isNew={isNew} known="there already" />
          <p className="text-xs break-words text-ink-2">
            may call {apis.join(', ')}, known by its {knownBy}
          </p>
          {isNew && (
            <Field label={<span className="text-xs">Network</span>} description={because}>
              {(control) => (
                <Select
                  {...control}
                  value={
                    choices.consumers[name] === undefined ? asPlanned : (choices.consumers[name] ?? leftOut)
                  }
                  onValueChange={(value) => choose(name, value)}
                  options={[
                    { value: asPlanned, label: network ?? 'Not known: left out' },
                    ...(networks.data ?? []).map(({ id, name: label }) => ({ value: id, label })),
                    ...(network === null ? [] : [{ value: leftOut, label: 'Leave it out' }]),
                  ]}
                />
              )}
            </Field>
          )}
        </li>
      ))}
    </Group>
  )
}
