'use client'
import { useState } from 'react'
import type { PartyKind } from '#domain/party.ts'
import type { PartyView } from '#domain/stored.ts'
import type { Model } from '#diagram/model.ts'
import type { Selection } from '#diagram/highlight.ts'
import { emptyParty, isWhole, type PartyDraft, partyFields, saveParty } from './drafts.ts'
import { TopologyForm } from './topology-form.tsx'
import { PartyFields } from './party-fields.tsx'

interface Props {
  model: Model
  kind: PartyKind
  party?: PartyView | undefined
  onMade: (selection: Selection) => void
  onClose: () => void
}

export function PartyDialog({ model, kind, party, onMade, onClose }: Props) {
  const [draft, setDraft] = useState<PartyDraft>(party ? draftOf(party) : emptyParty(model))
  return (
    <TopologyForm
      title={party ? `Edit ${party.name}` : `Add ${kind}`}
      submit={party ? 'Save' : `Add ${kind}`}
      fields={partyFields}
      disabled={!isWhole(model, kind, draft)}
      onClose={onClose}
      save={async () => {
        const made = (network: PartyDraft['network']) => setDraft((current) => ({ ...current, network }))
        const { id, name } = await saveParty(kind, draft, made, party)
        onMade({ kind: 'party', id })
        return party ? `${name} is changed` : `${name} is added`
      }}
    >
      {(faultAt) => (
        <PartyFields model={model} kind={kind} draft={draft} onDraft={setDraft} faultAt={faultAt} />
      )}
    </TopologyForm>
  )
}

function draftOf({ name, owner, team, identities, networkId }: PartyView): PartyDraft {
  return {
    name,
    owner,
    team: team ?? '',
    identities: identities.join('\n'),
    network: { kind: 'existing', id: networkId },
  }
}
