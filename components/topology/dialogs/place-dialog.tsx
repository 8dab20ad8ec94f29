'use client'
import { useState } from 'react'
import { z } from 'zod'
import type { GatewayView } from '#domain/stored.ts'
import { sendJson } from '../../shell/api.ts'
import { Field } from '../../ui/field.tsx'
import { Select } from '../../ui/select.tsx'
import type { Model } from '#diagram/model.ts'
import { networkOption } from './drafts.ts'
import { TopologyForm } from './topology-form.tsx'

const nowhere = 'none'
const placed = z.object({ version: z.int() })

/** Says in which network a gateway stands. */
export function PlaceDialog({
  model,
  gateway,
  onClose,
}: {
  model: Model
  gateway: GatewayView
  onClose: () => void
}) {
  const [network, setNetwork] = useState(gateway.networkId ?? nowhere)
  const inside = model.topology.networks.filter((each) => each.class === 'org-internal')
  return (
    <TopologyForm
      title={`Where does ${gateway.name} stand?`}
      description="A gateway stands in an organisation internal network."
      submit="Save"
      fields={['/networkId']}
      onClose={onClose}
      save={async () => {
        const body = { networkId: network === nowhere ? null : network }
        await sendJson('PUT', `/gateways/${gateway.id}/network`, body, placed, { ifMatch: gateway.version })
        return `${gateway.name} is moved`
      }}
    >
      {(faultAt) => (
        <Field label="Network" error={faultAt('/networkId')}>
          {(control) => (
            <Select
              {...control}
              value={network}
              onValueChange={setNetwork}
              options={[{ value: nowhere, label: 'Not said' }, ...inside.map(networkOption)]}
            />
          )}
        </Field>
      )}
    </TopologyForm>
  )
}
