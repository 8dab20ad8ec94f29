import { count, listed } from '#domain/listing.ts'
import type { TrustImpact } from '#domain/trust-record.ts'
import { Fact, Facts } from '../ui/panel.tsx'

/** Whom a change reaches, as it is deployed now. */
export function ImpactFacts({ impact }: { impact: TrustImpact }) {
  const { gateways, listeners, apis, consumers, contexts } = impact
  return (
    <section>
      <h3 className="mb-1.5 text-sm font-medium">Whom it reaches</h3>
      {gateways.length === 0 ? (
        <p className="text-sm text-ink-2">
          {contexts.length === 0
            ? 'No context shows it, so no gateway serves it.'
            : `No gateway serves ${listed(contexts.map(({ name }) => name))} yet: nothing is published.`}
        </p>
      ) : (
        <>
          <Facts>
            <Fact label="Gateways">{gateways.map(gatewayText).join('; ')}</Fact>
            {listeners.length > 0 && (
              <Fact label="Listeners">
                {listed(listeners.map(({ address, port }) => `${address}:${port}`))}
              </Fact>
            )}
            <Fact label="APIs">
              {listed(
                apis.map(({ name, label }) => `${name} ${label}`),
                4,
              ) || 'none'}
            </Fact>
            <Fact label="Consumers">
              {listed(
                consumers.map(({ name }) => name),
                4,
              ) || 'none declared'}
            </Fact>
            <Fact label="Contexts">{listed(contexts.map(({ name }) => name))}</Fact>
          </Facts>
          <p className="mt-1.5 text-xs text-ink-3">
            New connections get the new certificate at once; those that are open go on undisturbed.
          </p>
        </>
      )}
    </section>
  )
}

function gatewayText({ name, nodes, online, connections }: TrustImpact['gateways'][number]): string {
  const open = connections === null ? '' : `, ${count(connections, 'open connection')}`
  return `${name}, ${online} of ${count(nodes, 'node')} online${open}`
}
