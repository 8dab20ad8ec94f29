import type { NetworkClass } from '#domain/network.ts'
import { dottedUnderline, hexagonLook, hexagonPoints, hexagonUnderline } from '#diagram/hexagon.ts'
import { cn } from './class-names.ts'

const hexagonFill: Record<NetworkClass, string> = {
  'org-internal': 'var(--color-trust-int)',
  'org-external': 'var(--color-trust-ext)',
  'non-org-external': 'var(--color-trust-non)',
}

/** The box that a hexagon fills, in the units of its drawing. */
const hexagonSize = { width: 35, height: 27 } as const

/** The hexagon as SVG content around the point (0, 0), to be placed inside another drawing. */
export function HexagonShape({ trust, selected = false }: { trust: NetworkClass; selected?: boolean }) {
  const { underline } = hexagonLook[trust]
  return (
    <>
      <polygon
        points={hexagonPoints}
        fill={hexagonFill[trust]}
        stroke={selected ? 'var(--color-accent)' : 'var(--color-trust-line)'}
        strokeWidth={selected ? 2 : 1.2}
        strokeLinejoin="round"
      />
      <text
        y="3.2"
        textAnchor="middle"
        fontSize="10.4"
        fontWeight="600"
        fill="var(--color-trust-ink)"
        fontFamily="var(--font-sans)"
      >
        mTLS
      </text>
      {underline !== 'none' && (
        <path
          d={hexagonUnderline}
          stroke="var(--color-trust-ink)"
          strokeWidth="1.2"
          strokeDasharray={underline === 'dotted' ? dottedUnderline : undefined}
        />
      )}
    </>
  )
}

interface Props {
  trust: NetworkClass
  selected?: boolean
  /** Puts the class's name underneath. */
  labelled?: boolean
  className?: string
}

/** The mark of a mutual-TLS leg: flat-topped, coloured and underlined by its class. */
export function Hexagon({ trust, selected = false, labelled = false, className }: Props) {
  const { label } = hexagonLook[trust]
  return (
    <span className={cn('inline-flex flex-col items-center gap-0.5', className)}>
      <svg
        role="img"
        aria-label={`mTLS, ${label}`}
        viewBox="-19.5 -15 39 30"
        width={hexagonSize.width}
        height={hexagonSize.height}
        className="shrink-0"
      >
        <HexagonShape trust={trust} selected={selected} />
      </svg>
      {labelled && (
        <span aria-hidden className="text-2xs whitespace-nowrap text-ink-2">
          {label}
        </span>
      )}
    </span>
  )
}
