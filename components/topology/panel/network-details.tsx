'use client'
import { networkClassName } from '#domain/network.ts'
import { Button } from '../../ui/button.tsx'
import { Fact, Facts } from '../../ui/panel.tsx'
import { laneLook, locationLabel } from '#diagram/looks.ts'
import type { DetailsProps } from './details-props.ts'
import { Actions, Lead, Part } from './part.tsx'

export function NetworkDetails({ model, id, choose, ask, mayWrite }: DetailsProps) {
  const network = model.networks.get(id)
  if (!network) return null
  const parent = network.parentId ? model.networks.get(network.parentId) : undefined
  const parties = model.topology.parties.filter(({ networkId }) => networkId === id)
  const gateways = model.topology.gateways.filter(({ networkId }) => networkId === id)
  return (
    <>
      <Lead>
        A network that is {networkClassName[network.class]}: {laneLook[network.class].hint}.
      </Lead>
      <Facts>
        <Fact label="Location">{locationLabel[network.location]}</Fact>
        <Fact label="Inside">{parent?.name ?? 'nothing else'}</Fact>
        <Fact label="Firewall">{network.firewall ?? 'none'}</Fact>
        <Fact label="Gateways">{gateways.map(({ name }) => name).join(', ') || 'none'}</Fact>
      </Facts>
      {mayWrite && (
        <Actions>
          <Button onClick={() => ask({ kind: 'network', network })}>Edit</Button>
          <Button variant="danger" onClick={() => ask({ kind: 'delete-network', network })}>
            Remove
          </Button>
        </Actions>
      )}
      <Part title="Parties here">
        {parties.length === 0 && <p className="text-sm text-ink-3">None yet.</p>}
        <ul>
          {parties.map((party) => (
            <li key={party.id} className="border-t border-line">
              <button
                type="button"
                className="flex min-h-8 w-full items-center gap-2 rounded-sm py-1 text-left text-sm hover:text-accent"
                onClick={(event) => choose({ kind: 'party', id: party.id }, event.detail === 0)}
              >
                <span className="min-w-0 flex-1 truncate">{party.name}</span>
                <span className="text-xs text-ink-3">{party.kind}</span>
              </button>
            </li>
          ))}
        </ul>
      </Part>
    </>
  )
}
