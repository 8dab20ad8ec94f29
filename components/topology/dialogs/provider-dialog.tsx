'use client'
import { useState } from 'react'
import { z } from 'zod'
import type { ApiView } from '#domain/stored.ts'
import { sendJson } from '../../shell/api.ts'
import { Field } from '../../ui/field.tsx'
import { Select } from '../../ui/select.tsx'
import type { Model } from '#diagram/model.ts'
import type { Selection } from '#diagram/highlight.ts'
import { type Choice, emptyParty, type PartyDraft, partyFields, placementFault, saveParty } from './drafts.ts'
import { TopologyForm } from './topology-form.tsx'
import { PartyFields } from './party-fields.tsx'

interface Props {
  model: Model
  api: ApiView
  onMade: (selection: Selection) => void
  onClose: () => void
}

const fresh = 'new'
const provided = z.object({ version: z.int() })

/** Says who provides an API, or makes the provider on the way. */
export function ProviderDialog({ model, api, onMade, onClose }: Props) {
  const providers = model.topology.parties.filter(({ kind }) => kind === 'provider')
  const first = api.providerId ?? providers[0]?.id
  const [provider, setProvider] = useState<Choice<PartyDraft>>(
    first ? { kind: 'existing', id: first } : { kind: 'new', draft: emptyParty(model) },
  )
  const save = async () => {
    let id = provider.kind === 'existing' ? provider.id : ''
    if (provider.kind === 'new') {
      const { draft } = provider
      const made = (network: PartyDraft['network']) =>
        setProvider({ kind: 'new', draft: { ...draft, network } })
      id = (await saveParty('provider', draft, made)).id
      setProvider({ kind: 'existing', id })
    }
    const path = `/instances/${api.id}/provider`
    await sendJson('PUT', path, { providerId: id }, provided, { ifMatch: api.version })
    onMade({ kind: 'api', id: api.id })
    return `The provider of ${api.name} is named`
  }
  const complete =
    provider.kind === 'existing' ||
    (provider.draft.name.trim() !== '' && placementFault(model, 'provider', provider.draft) === undefined)
  return (
    <TopologyForm
      title={`Who provides ${api.name}?`}
      description="The provider’s network decides the legs and the pattern of every flow to this API."
      submit="Name the provider"
      fields={['/providerId', ...partyFields]}
      disabled={!complete}
      onClose={onClose}
      save={save}
    >
      {(faultAt) => (
        <>
          <Field label="Provider" error={faultAt('/providerId')}>
            {(control) => (
              <Select
                {...control}
                value={provider.kind === 'new' ? fresh : provider.id}
                onValueChange={(value) =>
                  setProvider(
                    value === fresh
                      ? { kind: 'new', draft: emptyParty(model) }
                      : { kind: 'existing', id: value },
                  )
                }
                options={[
                  ...providers.map(({ id, name, networkId }) => ({
                    value: id,
                    label: name,
                    hint: model.networks.get(networkId)?.name ?? '',
                  })),
                  { value: fresh, label: 'A new provider', hint: 'made together with this' },
                ]}
              />
            )}
          </Field>
          {provider.kind === 'new' && (
            <fieldset className="flex flex-col gap-3.5 rounded-lg border border-line px-3 py-3">
              <legend className="px-1 text-xs text-ink-3">New provider</legend>
              <PartyFields
                model={model}
                kind="provider"
                draft={provider.draft}
                onDraft={(draft) => setProvider({ kind: 'new', draft })}
                faultAt={faultAt}
              />
            </fieldset>
          )}
        </>
      )}
    </TopologyForm>
  )
}
