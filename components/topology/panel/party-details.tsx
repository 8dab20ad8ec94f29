'use client'
import { networkClassName } from '#domain/network.ts'
import { ownerName } from '#domain/party.ts'
import { Button } from '../../ui/button.tsx'
import { Mono } from '../../ui/code-line.tsx'
import { Fact, Facts } from '../../ui/panel.tsx'
import { flowsOf } from '#diagram/highlight.ts'
import { findingsOn } from '#diagram/model.ts'
import type { DetailsProps } from './details-props.ts'
import { FindingList } from './finding-list.tsx'
import { FlowList } from './flow-list.tsx'
import { Actions, Lead, Part } from './part.tsx'

export function PartyDetails({ model, id, choose, lens, ask, mayWrite }: DetailsProps) {
  const party = model.parties.get(id)
  if (!party) return null
  const network = model.networks.get(party.networkId)
  const flows = flowsOf(model, { kind: 'party', id })
  const apis = model.topology.apis.filter(({ providerId }) => providerId === id)
  const legs = new Set(flows.flatMap((flow) => flow.legs))
  const own = [...legs].filter((leg) => {
    const side = model.legs.get(leg)?.side
    return party.kind === 'consumer' ? side === 'inbound' : side === 'outbound'
  })
  return (
    <>
      <Lead>
        A {party.kind} that belongs to {ownerName[party.owner]}
        {network && `, in ${network.name}, which is ${networkClassName[network.class]}`}.
      </Lead>
      <Facts>
        <Fact label="Network">
          <Button variant="link" onClick={() => choose({ kind: 'network', id: party.networkId }, false)}>
            {network?.name}
          </Button>
        </Fact>
        <Fact label="Team">
          {party.team === null ? (
            <span className="text-ink-3">not said</span>
          ) : (
            <Button
              variant="link"
              title="Show the flows of this team"
              onClick={() => {
                lens({ team: party.team })
                choose(null, true)
              }}
            >
              {party.team}
            </Button>
          )}
        </Fact>
        <Fact label="Certificates">
          {party.identities.length === 0 ? (
            <span className="text-ink-3">nobody said what they are known by</span>
          ) : (
            <Mono className="break-all">{party.identities.join(', ')}</Mono>
          )}
        </Fact>
        {party.kind === 'provider' && (
          <Fact label="APIs">{apis.map(({ name }) => name).join(', ') || 'none yet'}</Fact>
        )}
      </Facts>
      {mayWrite && (
        <Actions>
          {party.kind === 'consumer' && (
            <Button onClick={() => ask({ kind: 'flow', consumerId: id })}>Add flow</Button>
          )}
          <Button onClick={() => ask({ kind: 'party', partyKind: party.kind, party })}>Edit</Button>
          <Button variant="danger" onClick={() => ask({ kind: 'delete-party', party })}>
            Remove
          </Button>
        </Actions>
      )}
      <Part title="Flows">
        <FlowList model={model} flows={flows} choose={choose} />
      </Part>
      <Part title="Findings on its legs">
        <FindingList model={model} findings={findingsOn(model, own)} ask={ask} mayWrite={mayWrite} />
      </Part>
    </>
  )
}
