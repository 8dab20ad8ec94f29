import type { NetworkClass } from '#domain/network.ts'

/** The mark of a mutual-TLS leg: flat-topped, with the class of its context in words and by its underline. */

interface HexagonLook {
  /** Under the hexagon. */
  readonly label: string
  readonly short: string
  /** Inside the hexagon, so that the class reads without colour. */
  readonly underline: 'none' | 'solid' | 'dotted'
}

export const hexagonLook: Record<NetworkClass, HexagonLook> = {
  'org-internal': { label: 'Org Internal', short: 'Org Int.', underline: 'none' },
  'org-external': { label: 'Org External', short: 'Org Ext.', underline: 'solid' },
  'non-org-external': { label: 'Non-Org External', short: 'Non-Org Ext.', underline: 'dotted' },
}

/** As much of the class as fits under a hexagon on the map. */
export function labelOnMap(cls: NetworkClass): string {
  const { label, short } = hexagonLook[cls]
  return cls === 'non-org-external' ? short : label
}

export const hexagonPoints = '18.5,0 10.5,14 -10.5,14 -18.5,0 -10.5,-14 10.5,-14'
export const hexagonUnderline = 'M-8 8.6H8'
export const dottedUnderline = '1.5 1.5'
