import type { NetworkClass } from '#domain/network.ts'
import { cn } from './class-names.ts'

/** Whose certificates two ends of a leg show each other: the classes of networks. */
export type TrustClass = NetworkClass

interface TrustLook {
  /** Under the hexagon. */
  label: string
  short: string
  fill: string
  /** Inside the hexagon, so that the class reads without colour. */
  underline: 'none' | 'solid' | 'dotted'
}

export const trustLook: Record<TrustClass, TrustLook> = {
  'org-internal': {
    label: 'Org Internal',
    short: 'Org Int.',
    fill: 'var(--color-trust-int)',
    underline: 'none',
  },
  'org-external': {
    label: 'Org External',
    short: 'Org Ext.',
    fill: 'var(--color-trust-ext)',
    underline: 'solid',
  },
  'non-org-external': {
    label: 'Non-Org External',
    short: 'Non-Org Ext.',
    fill: 'var(--color-trust-non)',
    underline: 'dotted',
  },
}

/** The box that a hexagon fills, in the units of its drawing. */
const hexagonSize = { width: 35, height: 27 } as const

export const hexagonPoints = '18.5,0 10.5,14 -10.5,14 -18.5,0 -10.5,-14 10.5,-14'

/** The hexagon as SVG content around the point (0, 0), to be placed inside another drawing. */
export function HexagonShape({ trust, selected = false }: { trust: TrustClass; selected?: boolean }) {
  const { fill, underline } = trustLook[trust]
  return (
    <>
      <polygon
        points={hexagonPoints}
        fill={fill}
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
          d="M-8 8.6H8"
          stroke="var(--color-trust-ink)"
          strokeWidth="1.2"
          strokeDasharray={underline === 'dotted' ? '1.5 1.5' : undefined}
        />
      )}
    </>
  )
}

interface Props {
  trust: TrustClass
  selected?: boolean
  /** Puts the class's name underneath. */
  labelled?: boolean
  className?: string
}

/** The mark of a mutual-TLS leg: flat-topped, coloured and underlined by its class. */
export function Hexagon({ trust, selected = false, labelled = false, className }: Props) {
  const { label } = trustLook[trust]
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
