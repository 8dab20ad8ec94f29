import { Notice } from '../ui/notice.tsx'
import { countOf } from './looks.ts'

interface Props {
  faults: readonly { pointer: string; detail: string }[]
}

/** What stands in the way of a deployment. */
export function Hindrances({ faults }: Props) {
  if (faults.length === 0) return null
  return (
    <Notice
      tone="err"
      title={`${countOf(faults.length, 'fault')} to mend before it can be deployed; gateways would refuse this`}
    >
      <ul className="flex flex-col gap-0.5">
        {faults.map(({ pointer, detail }) => (
          <li key={`${pointer}${detail}`} className="break-words">
            {detail} <span className="font-mono text-xs text-ink-3">{pointer}</span>
          </li>
        ))}
      </ul>
    </Notice>
  )
}
