'use client'
import type { CSSProperties } from 'react'
import type { EdgeProps } from 'reactflow'
import type { Severity } from '#domain/finding.ts'
import type { LegView } from '#domain/leg.ts'
import { HexagonShape } from '../../ui/hexagon.tsx'
import { hexagonPoints, labelOnMap } from '#diagram/hexagon.ts'
import type { Point } from '#diagram/layout/drawing.ts'
import { failingMark, failingText, legFailures } from '#diagram/handshakes.ts'
import { findingMark, verdictDash } from '#diagram/looks.ts'
import { findingsOn, isOpen } from '#diagram/model.ts'
import { type LegTraffic, legTraffic, legTrafficText } from '#diagram/traffic.ts'
import { legLabel } from '#diagram/words.ts'
import type { LegEdge } from './elements.ts'
import { LegChangeMark, useLegChange } from '../history/leg-change-mark.tsx'
import { useGraph } from './graph-context.tsx'

const severityStroke: Record<Severity, string> = {
  error: 'var(--err)',
  warning: 'var(--warn)',
  note: 'var(--ink-2)',
}

/** A leg with its hexagon: the line says how it is protected, the hexagon what should protect it. */
export function LegLine({ id, data }: EdgeProps<LegEdge>) {
  const { model, highlight } = useGraph()
  const leg = model.legs.get(id)
  const change = useLegChange(id)
  if (!leg || !data) return null
  const finding = findingsOn(model, [id]).find(isOpen)
  const traffic = legTraffic(model, leg)
  const fails = failingText(legFailures(model, leg)) !== null
  const isCalled = traffic !== null && traffic.requestsPerSecond > 0
  const lit = highlight?.legs.has(id) ?? false
  const dimmed = highlight !== null && !lit
  const wrong = fails || finding?.severity === 'error'
  const stroke = dimmed
    ? 'var(--line-2)'
    : wrong
      ? severityStroke.error
      : lit
        ? 'var(--accent)'
        : 'var(--trust-line)'
  return (
    <g>
      <path d={data.leg.path} fill="none" stroke="transparent" strokeWidth={16} />
      <path
        d={data.leg.path}
        fill="none"
        stroke={change && !dimmed ? change.stroke : stroke}
        strokeWidth={lit ? 3 : (change?.width ?? 1.6)}
        strokeDasharray={change ? change.dash : verdictDash[leg.verdict]}
      />
      {isCalled && !dimmed && <Moving path={data.leg.path} traffic={traffic} />}
      <LegMark
        leg={leg}
        at={data.leg.hexagon}
        lit={lit}
        dimmed={dimmed}
        label={legLabel(model, leg) + (change ? `, ${change.word}` : '')}
      >
        <LegChangeMark legId={id} />
        {fails && (
          <MarkText y={36.5} fill={severityStroke.error} weight={600}>
            {failingMark}
          </MarkText>
        )}
        {finding && !fails && (
          <MarkText y={36.5} fill={severityStroke[finding.severity]} weight={600}>
            {findingMark[finding.code]}
          </MarkText>
        )}
        {isCalled && !finding && !fails && (
          <MarkText y={36.5} fill={traffic.errorsPerSecond > 0 ? severityStroke.warning : 'var(--ink-3)'}>
            {legTrafficText(traffic)}
          </MarkText>
        )}
      </LegMark>
    </g>
  )
}

/** Busy lines move faster, up to a pace at which nothing flickers. */
function Moving({ path, traffic }: { path: string; traffic: LegTraffic }) {
  const paceSeconds = Math.max(0.6, 2.4 / (1 + Math.log10(1 + traffic.requestsPerSecond)))
  return (
    <path
      aria-hidden
      d={path}
      fill="none"
      stroke="var(--accent)"
      strokeWidth={2.4}
      strokeLinecap="round"
      strokeDasharray="0.1 23.9"
      className="topology-traffic"
      // React's types know no properties of one's own.
      style={{ '--traffic-pace': `${paceSeconds.toFixed(2)}s` } as CSSProperties}
    />
  )
}

interface MarkProps {
  leg: LegView
  at: Point
  lit: boolean
  /** Keeps its place and its name, but stands back: no words under it. */
  dimmed: boolean
  label: string
  children: React.ReactNode
}

function LegMark({ leg, at, lit, dimmed, label, children }: MarkProps) {
  const { expected } = leg
  return (
    <g transform={`translate(${at.x} ${at.y})`} role="img" aria-label={label}>
      <g opacity={dimmed ? 0.45 : 1}>
        {expected ? <HexagonShape trust={expected.class} selected={lit} /> : <UnknownHexagon />}
      </g>
      {!dimmed && (
        <>
          <MarkText y={25} fill="var(--ink-2)">
            {expected ? labelOnMap(expected.class) : 'not known yet'}
          </MarkText>
          {children}
        </>
      )}
    </g>
  )
}

function UnknownHexagon() {
  return (
    <>
      <polygon points={hexagonPoints} fill="var(--panel)" stroke="var(--trust-line)" strokeDasharray="3 2" />
      <text y="4" textAnchor="middle" fontSize="11" fontWeight="600" fill="var(--ink-2)">
        ?
      </text>
    </>
  )
}

interface TextProps {
  y: number
  fill: string
  weight?: number
  children: string
}

// A halo in the panel's colour keeps the text readable over lines.
function MarkText({ y, fill, weight = 400, children }: TextProps) {
  return (
    <text
      aria-hidden
      y={y}
      textAnchor="middle"
      fontSize="10.5"
      fontWeight={weight}
      fill={fill}
      stroke="var(--panel)"
      strokeWidth="3"
      paintOrder="stroke"
    >
      {children}
    </text>
  )
}
