import { isTls13Suite } from './cipher-suite.ts'

/** Versions and suites of TLS that are said side by side, and whether they go together. */

export interface SpokenTls {
  readonly minVersion: '1.2' | '1.3'
  readonly maxVersion: '1.2' | '1.3'
  /** None stands for a good choice. */
  readonly ciphers: readonly string[]
}

export interface VersionMismatch {
  readonly says: string
  /** What has been agreed on all along, said plainly; null where nothing can be agreed on. */
  readonly mend: Pick<SpokenTls, 'minVersion' | 'maxVersion'> | null
}

/** Why the suites have no use for the versions beside them; null where they go together. */
export function versionMismatch({ ciphers, minVersion, maxVersion }: SpokenTls): VersionMismatch | null {
  if (ciphers.length === 0) return null
  const has13 = ciphers.some(isTls13Suite)
  const has12 = ciphers.some((suite) => !isTls13Suite(suite))
  if (!has12 && maxVersion === '1.2')
    return { says: 'names suites of TLS 1.3 alone, so nothing can be agreed on', mend: null }
  if (!has13 && minVersion === '1.3')
    return { says: 'names no suite of TLS 1.3, so nothing can be agreed on', mend: null }
  if (!has12 && minVersion === '1.2')
    return {
      says: 'names suites of TLS 1.3 alone, so the lower minimum has no effect',
      mend: { minVersion: '1.3', maxVersion },
    }
  if (!has13 && maxVersion === '1.3')
    return {
      says: 'names no suite of TLS 1.3, so the higher maximum has no effect',
      mend: { minVersion, maxVersion: '1.2' },
    }
  return null
}
