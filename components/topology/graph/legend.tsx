'use client'
import { X } from 'lucide-react'
import { Panel } from 'reactflow'
import { networkClasses } from '#domain/network.ts'
import { Button } from '../../ui/button.tsx'
import { Hexagon } from '../../ui/hexagon.tsx'
import { hexagonLook } from '#diagram/hexagon.ts'
import { contextWords, lineLooks } from '#diagram/legend.ts'

/** What the signs of the map mean. */
export function Legend({ onClose }: { onClose: () => void }) {
  return (
    <Panel
      position="bottom-left"
      className="!bottom-11 w-76 rounded-lg border border-line-2 bg-panel p-3 shadow-overlay"
    >
      <div className="flex items-center justify-between">
        <h2 className="text-sm font-semibold">Legend</h2>
        <Button variant="ghost" size="icon-sm" aria-label="Close the legend" onClick={onClose}>
          <X aria-hidden />
        </Button>
      </div>
      <p className="mt-1 text-xs text-ink-2">
        A hexagon is the mTLS context that the pattern expects on a leg. Lanes are the network’s class; a line
        that crosses lanes crosses a boundary, at a firewall where one stands.
      </p>
      <ul className="mt-2 flex flex-col gap-1.5">
        {networkClasses.map((cls) => (
          <li key={cls} className="flex items-center gap-2.5 text-xs">
            <Hexagon trust={cls} />
            <span>
              <span className="font-medium">{hexagonLook[cls].label}</span>
              <span className="block text-ink-3">{contextWords[cls]}</span>
            </span>
          </li>
        ))}
      </ul>
      <ul className="mt-2 flex flex-col gap-1 border-t border-line pt-2">
        {lineLooks.map(({ label, isWrong, dash }) => (
          <li key={label} className="flex items-center gap-2.5 text-xs">
            <svg aria-hidden width="34" height="8">
              <path
                d="M0 4H34"
                stroke={isWrong ? 'var(--err)' : 'var(--trust-line)'}
                strokeWidth="2"
                strokeDasharray={dash}
              />
            </svg>
            {label}
          </li>
        ))}
      </ul>
    </Panel>
  )
}
