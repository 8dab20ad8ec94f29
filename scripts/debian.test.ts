import { afterEach, describe, expect, it, vi } from 'vitest'
import { allPackages, missing } from './debian.ts'

afterEach(() => vi.unstubAllEnvs())

describe('programs that tests run', () => {
  it('that are missing are named with what brings them', () => {
    vi.stubEnv('PATH', '/nowhere')
    vi.stubEnv('HEXGATE_CHROMIUM', '/nowhere/chromium')
    expect(missing(['slowhttptest'])).toBe(
      "What Debian's package slowhttptest would bring is not there: apt-get install slowhttptest.",
    )
    expect(missing(['curl', 'chromium'])).toBe(
      "What Debian's packages curl, chromium would bring is not there: apt-get install curl chromium, or set HEXGATE_CHROMIUM.",
    )
  })

  it('are no trouble where they are there', () => {
    vi.stubEnv('HEXGATE_CHROMIUM', process.execPath)
    expect(missing(['chromium'])).toBeNull()
    expect(missing([])).toBeNull()
    expect(allPackages).toContain('redis-server')
  })
})
