'use client'
import { useId } from 'react'
import { owners, type PartyKind } from '#domain/party.ts'
import { Field } from '../../ui/field.tsx'
import type { FaultAt } from '../../ui/form-dialog.tsx'
import { Input } from '../../ui/input.tsx'
import { Select } from '../../ui/select.tsx'
import { Textarea } from '../../ui/textarea.tsx'
import type { Model } from '#diagram/model.ts'
import { emptyNetwork, identitiesFault, networkOption, type PartyDraft, placementFault } from './drafts.ts'
import { teamsOf } from '../lens-words.ts'
import { NetworkFields } from './network-fields.tsx'

interface Props {
  model: Model
  kind: PartyKind
  draft: PartyDraft
  onDraft: (draft: PartyDraft) => void
  faultAt: FaultAt
}

const fresh = 'new'
const ownerOptions = { organisation: 'The organisation', 'third-party': 'A third party' } as const

export function PartyFields({ model, kind, draft, onDraft, faultAt }: Props) {
  const set = (change: Partial<PartyDraft>) => onDraft({ ...draft, ...change })
  const { network } = draft
  const word = kind === 'consumer' ? 'Consumer name' : 'Provider name'
  return (
    <>
      <Field label={word} required error={faultAt('/party/name')}>
        {(control) => (
          <Input
            {...control}
            value={draft.name}
            autoFocus
            onChange={(event) => set({ name: event.target.value })}
          />
        )}
      </Field>
      <Field label="Belongs to">
        {(control) => (
          <Select
            {...control}
            value={draft.owner}
            onValueChange={(value) => set({ owner: owners.find((each) => each === value) ?? draft.owner })}
            options={owners.map((value) => ({ value, label: ownerOptions[value] }))}
          />
        )}
      </Field>
      <TeamField
        model={model}
        team={draft.team}
        onTeam={(team) => set({ team })}
        fault={faultAt('/party/team')}
      />
      <Field label="Network" error={faultAt('/party/networkId') ?? placementFault(model, kind, draft)}>
        {(control) => (
          <Select
            {...control}
            value={network.kind === 'new' ? fresh : network.id}
            onValueChange={(value) =>
              set({
                network:
                  value === fresh ? { kind: 'new', draft: emptyNetwork } : { kind: 'existing', id: value },
              })
            }
            options={[
              ...model.topology.networks.map(networkOption),
              { value: fresh, label: 'A new network', hint: 'made together with this' },
            ]}
          />
        )}
      </Field>
      <Field
        label="Certificates"
        description="What they are known by, one on a line: names (spiffe://…, *.shop.example), whole subjects, SHA-256 fingerprints. Peers that nodes see are matched by it."
        error={faultAt('/party/identities') ?? identitiesFault(draft)}
      >
        {(control) => (
          <Textarea
            {...control}
            rows={2}
            spellCheck={false}
            value={draft.identities}
            onChange={(event) => set({ identities: event.target.value })}
          />
        )}
      </Field>
      {network.kind === 'new' && (
        <fieldset className="flex flex-col gap-3.5 rounded-lg border border-line px-3 py-3">
          <legend className="px-1 text-xs text-ink-3">New network</legend>
          <NetworkFields
            model={model}
            draft={network.draft}
            onDraft={(made) => set({ network: { kind: 'new', draft: made } })}
            faultAt={faultAt}
          />
        </fieldset>
      )}
    </>
  )
}

interface TeamProps {
  model: Model
  team: string
  onTeam: (team: string) => void
  fault: string | undefined
}

/** A name that may be new; those that are in use are offered, so that a team is written in one way. */
function TeamField({ model, team, onTeam, fault }: TeamProps) {
  const known = useId()
  return (
    <Field label="Team" description="Who answers for it, if that is known." error={fault}>
      {(control) => (
        <>
          <Input {...control} list={known} value={team} onChange={(event) => onTeam(event.target.value)} />
          <datalist id={known}>
            {teamsOf(model).map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  )
}
