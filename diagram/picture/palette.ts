import type { NetworkClass } from '#domain/network.ts'
import type { Severity } from '#domain/finding.ts'
import type { Tone } from '../tone.ts'

/** The colours of pictures: those of the page, which a test holds them to. */

export const themes = ['light', 'dark'] as const
export type Theme = (typeof themes)[number]

export interface Palette {
  readonly canvas: string
  readonly panel: string
  readonly ink: string
  readonly ink2: string
  readonly ink3: string
  readonly line: string
  readonly line2: string
  readonly accent: string
  readonly accentSoft: string
  readonly ok: string
  readonly warn: string
  readonly err: string
  readonly trustInt: string
  readonly trustExt: string
  readonly trustNon: string
  readonly trustLine: string
  readonly trustInk: string
  readonly zoneInt: string
  readonly zoneExt: string
  readonly zoneNon: string
}

export const palettes: Record<Theme, Palette> = {
  light: {
    canvas: '#f6f7f9',
    panel: '#ffffff',
    ink: '#14181f',
    ink2: '#4b5563',
    ink3: '#5f6876',
    line: '#e3e6eb',
    line2: '#cfd4dc',
    accent: '#2456e6',
    accentSoft: '#e8eefe',
    ok: '#127436',
    warn: '#a84b06',
    err: '#c0272d',
    trustInt: '#ffffff',
    trustExt: '#cdeac0',
    trustNon: '#d5d9df',
    trustLine: '#5f6b7a',
    trustInk: '#14181f',
    zoneInt: '#ffffff',
    zoneExt: '#f3faf0',
    zoneNon: '#f0f1f3',
  },
  dark: {
    canvas: '#0e1116',
    panel: '#161b22',
    ink: '#e8ebf0',
    ink2: '#aab3c0',
    ink3: '#8590a0',
    line: '#262d37',
    line2: '#36404d',
    accent: '#7aa2ff',
    accentSoft: '#1b2742',
    ok: '#4ade80',
    warn: '#fbbf24',
    err: '#f87171',
    trustInt: '#e8ebf0',
    trustExt: '#7fbf6a',
    trustNon: '#7c8796',
    trustLine: '#5f6b7a',
    trustInk: '#14181f',
    zoneInt: '#161b22',
    zoneExt: '#131b15',
    zoneNon: '#12161c',
  },
}

export const hexagonInk = (palette: Palette): Record<NetworkClass, string> => ({
  'org-internal': palette.trustInt,
  'org-external': palette.trustExt,
  'non-org-external': palette.trustNon,
})

export const zoneInk = (palette: Palette): Record<NetworkClass, string> => ({
  'org-internal': palette.zoneInt,
  'org-external': palette.zoneExt,
  'non-org-external': palette.zoneNon,
})

export const severityInk = (palette: Palette): Record<Severity, string> => ({
  error: palette.err,
  warning: palette.warn,
  note: palette.ink2,
})

export const toneInk = (palette: Palette): Record<Tone, string> => ({
  ok: palette.ok,
  warn: palette.warn,
  err: palette.err,
  busy: palette.accent,
  idle: palette.ink3,
})
