/** What one document may hold. Real documents stay far below; what exceeds them is refused, never cut. */
export const limits = {
  /** UTF-16 units. The largest public documents that gateways serve have some 20 million. */
  lengthMax: 25_000_000,
  depthMax: 200,
  aliasesMax: 100_000,
  mergedKeysMax: 100_000,
  /** Characters, and ten for every value, once every YAML alias is written out. */
  expandedLengthMax: 50_000_000,
  titleMax: 200,
  labelMax: 100,
  faultsMax: 20,
} as const
