'use client'
import { nothing, send } from '../../shell/api.ts'
import { TopologyForm } from './topology-form.tsx'

interface Props {
  name: string
  /** What goes with it, or what stays. */
  consequence: string
  path: string
  version: number | null
  onGone: () => void
  onClose: () => void
}

/** Asks once before something is removed; when it is still needed, the refusal says by what. */
export function DeleteDialog({ name, consequence, path, version, onGone, onClose }: Props) {
  return (
    <TopologyForm
      title={`Remove ${name}?`}
      submit="Remove"
      danger
      onClose={onClose}
      save={async () => {
        await send(path, nothing, { method: 'DELETE', ...(version === null ? {} : { ifMatch: version }) })
        onGone()
        return `${name} is removed`
      }}
    >
      {() => <p className="text-sm text-ink-2">{consequence}</p>}
    </TopologyForm>
  )
}
