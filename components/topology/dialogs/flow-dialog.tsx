'use client'
import { useState } from 'react'
import { Field } from '../../ui/field.tsx'
import { Select } from '../../ui/select.tsx'
import type { Model } from '#diagram/model.ts'
import type { Selection } from '#diagram/highlight.ts'
import {
  type Choice,
  emptyParty,
  type PartyDraft,
  partyFields,
  isWhole,
  saveFlow,
  saveParty,
} from './drafts.ts'
import { TopologyForm } from './topology-form.tsx'
import { PartyFields } from './party-fields.tsx'

interface Props {
  model: Model
  consumerId?: string | undefined
  apiId?: string | undefined
  onMade: (selection: Selection) => void
  onClose: () => void
}

const fresh = 'new'

export function FlowDialog({ model, consumerId, apiId, onMade, onClose }: Props) {
  const consumers = model.topology.parties.filter(({ kind }) => kind === 'consumer')
  const { apis } = model.topology
  const [consumer, setConsumer] = useState<Choice<PartyDraft>>(
    (consumerId ?? consumers[0])
      ? { kind: 'existing', id: consumerId ?? consumers[0]?.id ?? '' }
      : { kind: 'new', draft: emptyParty(model) },
  )
  const [api, setApi] = useState(apiId ?? apis[0]?.id ?? '')
  const save = async () => {
    let id = consumer.kind === 'existing' ? consumer.id : ''
    if (consumer.kind === 'new') {
      const { draft } = consumer
      const made = (network: PartyDraft['network']) =>
        setConsumer({ kind: 'new', draft: { ...draft, network } })
      id = (await saveParty('consumer', draft, made)).id
      setConsumer({ kind: 'existing', id })
    }
    onMade({ kind: 'flow', id: (await saveFlow(id, api)).id })
    return 'The flow is added. It is in force wherever the API is deployed.'
  }
  return (
    <TopologyForm
      title="Add flow"
      description="Says that a consumer may call an API."
      submit="Add flow"
      fields={['/consumerId', '/apiId', ...partyFields]}
      disabled={api === '' || !isComplete(model, consumer)}
      onClose={onClose}
      save={save}
    >
      {(faultAt) => (
        <>
          <Field label="Consumer" error={faultAt('/consumerId')}>
            {(control) => (
              <Select
                {...control}
                value={consumer.kind === 'new' ? fresh : consumer.id}
                onValueChange={(value) =>
                  setConsumer(
                    value === fresh
                      ? { kind: 'new', draft: emptyParty(model) }
                      : { kind: 'existing', id: value },
                  )
                }
                options={[
                  ...consumers.map(({ id, name, networkId }) => ({
                    value: id,
                    label: name,
                    hint: model.networks.get(networkId)?.name ?? '',
                  })),
                  { value: fresh, label: 'A new consumer', hint: 'made together with this' },
                ]}
              />
            )}
          </Field>
          {consumer.kind === 'new' && (
            <fieldset className="flex flex-col gap-3.5 rounded-lg border border-line px-3 py-3">
              <legend className="px-1 text-xs text-ink-3">New consumer</legend>
              <PartyFields
                model={model}
                kind="consumer"
                draft={consumer.draft}
                onDraft={(draft) => setConsumer({ kind: 'new', draft })}
                faultAt={faultAt}
              />
            </fieldset>
          )}
          <Field label="API" error={faultAt('/apiId')}>
            {(control) => (
              <Select
                {...control}
                value={api}
                onValueChange={setApi}
                placeholder={apis.length === 0 ? 'No API is at a gateway yet' : 'Choose'}
                options={apis.map(({ id, name, label, gatewayId }) => ({
                  value: id,
                  label: `${name} ${label}`,
                  hint: `at ${model.gateways.get(gatewayId)?.name ?? 'unknown gateway'}`,
                }))}
              />
            )}
          </Field>
        </>
      )}
    </TopologyForm>
  )
}

function isComplete(model: Model, consumer: Choice<PartyDraft>): boolean {
  if (consumer.kind === 'existing') return consumer.id !== ''
  return isWhole(model, 'consumer', consumer.draft)
}
