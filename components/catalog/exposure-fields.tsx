'use client'
import type { ImportPreview } from '#domain/catalog.ts'
import { Field } from '../ui/field.tsx'
import { Input } from '../ui/input.tsx'
import { Select } from '../ui/select.tsx'

export interface ExposureDraft {
  name: string
  gatewayId: string | null
  basePath: string
  upstreamUrl: string
}

interface Props {
  draft: ExposureDraft
  setDraft: (draft: ExposureDraft) => void
  gateways: ImportPreview['gateways']
  /** The document's own servers, proposed as upstreams. */
  servers: readonly string[]
  errorAt: (pointer: string) => string | undefined
  /** Whether the name can still be chosen. */
  withName?: boolean
}

const nowhere = 'none'

/** Where an API answers and where its requests go. */
export function ExposureFields({ draft, setDraft, gateways, servers, errorAt, withName = true }: Props) {
  const set = (part: Partial<ExposureDraft>) => setDraft({ ...draft, ...part })
  const gateway = gateways.find(({ id }) => id === draft.gatewayId)
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      {withName && (
        <Field label="Name" description="For addresses; it stays." error={errorAt('/name')} required>
          {(control) => (
            <Input {...control} value={draft.name} onChange={(event) => set({ name: event.target.value })} />
          )}
        </Field>
      )}
      <Field
        label="Gateway"
        description={gateway?.publicUrl ?? 'Only into the catalog'}
        error={errorAt('/gatewayId')}
      >
        {(control) => (
          <Select
            {...control}
            value={draft.gatewayId ?? nowhere}
            onValueChange={(id) => set({ gatewayId: id === nowhere ? null : id })}
            options={[
              ...gateways.map(({ id, name }) => ({ value: id, label: name })),
              ...(withName ? [{ value: nowhere, label: 'None for now' }] : []),
            ]}
          />
        )}
      </Field>
      {draft.gatewayId && (
        <>
          <Field
            label="Base path"
            description="Under which it answers."
            error={errorAt('/basePath')}
            required
          >
            {(control) => (
              <Input
                {...control}
                className="font-mono text-xs"
                value={draft.basePath}
                onChange={(event) => set({ basePath: event.target.value })}
              />
            )}
          </Field>
          <Field
            label="Upstream"
            description="Where the requests go."
            error={errorAt('/upstreamUrl') ?? upstreamHint(draft.upstreamUrl)}
            required
          >
            {(control) => (
              <>
                <Input
                  {...control}
                  className="font-mono text-xs"
                  placeholder="http://orders.internal:8080"
                  list={`${control.id}-servers`}
                  value={draft.upstreamUrl}
                  onChange={(event) => set({ upstreamUrl: event.target.value })}
                />
                <datalist id={`${control.id}-servers`}>
                  {servers.map((server) => (
                    <option key={server} value={server} />
                  ))}
                </datalist>
              </>
            )}
          </Field>
        </>
      )}
    </div>
  )
}

function upstreamHint(url: string): string | undefined {
  return url === '' ? 'The document names no server; say where the requests go.' : undefined
}
