'use client'
import { locations, networkClasses } from '#domain/network.ts'
import { contextOption, noContext } from '../../contexts/context-option.tsx'
import { Field } from '../../ui/field.tsx'
import type { FaultAt } from '../../ui/form-dialog.tsx'
import { Input } from '../../ui/input.tsx'
import { Select } from '../../ui/select.tsx'
import { laneLook, locationLabel } from '#diagram/looks.ts'
import type { Model } from '#diagram/model.ts'
import { type NetworkDraft, networkOption } from './drafts.ts'

interface Props {
  model: Model
  /** The network that is edited, which cannot stand inside itself. */
  except?: string
  draft: NetworkDraft
  onDraft: (draft: NetworkDraft) => void
  faultAt: FaultAt
  focus?: 'name' | 'firewall'
}

const nowhere = 'none'

export function NetworkFields({ model, except, draft, onDraft, faultAt, focus = 'name' }: Props) {
  const set = (change: Partial<NetworkDraft>) => onDraft({ ...draft, ...change })
  const parents = model.topology.networks.filter(({ id }) => id !== except)
  const { hint } = laneLook[draft.class]
  return (
    <>
      <Field label="Network name" required error={faultAt('/network/name')}>
        {(control) => (
          <Input
            {...control}
            value={draft.name}
            autoFocus={focus === 'name'}
            onChange={(event) => set({ name: event.target.value })}
          />
        )}
      </Field>
      <Field label="Class" description={hint} error={faultAt('/network/class')}>
        {(control) => (
          <Select
            {...control}
            value={draft.class}
            onValueChange={(value) =>
              set({ class: networkClasses.find((each) => each === value) ?? draft.class })
            }
            options={networkClasses.map((value) => ({
              value,
              label: laneLook[value].title,
              hint: laneLook[value].hint,
            }))}
          />
        )}
      </Field>
      <div className="grid grid-cols-2 gap-3">
        <Field label="Location">
          {(control) => (
            <Select
              {...control}
              value={draft.location}
              onValueChange={(value) =>
                set({ location: locations.find((each) => each === value) ?? draft.location })
              }
              options={locations.map((value) => ({ value, label: locationLabel[value] }))}
            />
          )}
        </Field>
        <Field label="Stands inside" error={faultAt('/network/parentId')}>
          {(control) => (
            <Select
              {...control}
              value={draft.parentId ?? nowhere}
              onValueChange={(value) => set({ parentId: value === nowhere ? null : value })}
              options={[{ value: nowhere, label: 'Nothing else' }, ...parents.map(networkOption)]}
            />
          )}
        </Field>
      </div>
      {draft.class !== 'org-internal' && (
        <Field
          label="Firewall"
          description="Ends external TLS at the boundary, where the organisation’s own context begins. Empty when none stands there."
          error={faultAt('/network/firewall')}
        >
          {(control) => (
            <Input
              {...control}
              value={draft.firewall}
              autoFocus={focus === 'firewall'}
              onChange={(event) => set({ firewall: event.target.value })}
            />
          )}
        </Field>
      )}
      {draft.class !== 'org-internal' && draft.firewall.trim() !== '' && (
        <Field
          label="Context at the firewall"
          description="Whom the firewall trusts out there, and what it shows them."
          error={faultAt('/network/firewallContextId')}
        >
          {(control) => (
            <Select
              {...control}
              value={draft.firewallContextId ?? noContext}
              onValueChange={(id) => set({ firewallContextId: id === noContext ? null : id })}
              options={[
                { value: noContext, label: 'Not said' },
                ...model.topology.contexts
                  .filter(
                    (context) => context.class !== 'org-internal' || context.id === draft.firewallContextId,
                  )
                  .map(contextOption),
              ]}
            />
          )}
        </Field>
      )}
    </>
  )
}
