'use client'
import { useState } from 'react'
import type { NetworkView } from '#domain/stored.ts'
import type { Model } from '#diagram/model.ts'
import type { Selection } from '#diagram/highlight.ts'
import { emptyNetwork, type NetworkDraft, networkFields, saveNetwork } from './drafts.ts'
import { TopologyForm } from './topology-form.tsx'
import { NetworkFields } from './network-fields.tsx'

interface Props {
  model: Model
  network?: NetworkView | undefined
  focus?: 'firewall' | undefined
  onMade: (selection: Selection) => void
  onClose: () => void
}

export function NetworkDialog({ model, network, focus, onMade, onClose }: Props) {
  const [draft, setDraft] = useState<NetworkDraft>(network ? draftOf(network) : emptyNetwork)
  return (
    <TopologyForm
      title={network ? `Edit ${network.name}` : 'Add network'}
      submit={network ? 'Save' : 'Add network'}
      fields={networkFields}
      disabled={draft.name.trim() === ''}
      onClose={onClose}
      save={async () => {
        const { id, name } = await saveNetwork(draft, network)
        onMade({ kind: 'network', id })
        return network ? `${name} is changed` : `${name} is added`
      }}
    >
      {(faultAt) => (
        <NetworkFields
          model={model}
          {...(network ? { except: network.id } : {})}
          {...(focus ? { focus } : {})}
          draft={draft}
          onDraft={setDraft}
          faultAt={faultAt}
        />
      )}
    </TopologyForm>
  )
}

function draftOf(network: NetworkView): NetworkDraft {
  const { name, class: cls, location, parentId, firewall, firewallContextId } = network
  return { name, class: cls, location, parentId, firewall: firewall ?? '', firewallContextId }
}
