import { describe, expect, it } from 'vitest'
import { readOptions, UsageError } from './options.ts'

const portal = ['--portal', 'http://portal.example:3000', '--key', 'hgk_1']

describe('readOptions', () => {
  it('takes arguments before the environment before defaults', () => {
    const environment = { HEXGATE_ADMIN_PORT: '1', HEXGATE_HTTP_PORT: '2', HEXGATE_DATA: '' }
    const options = readOptions([...portal, '--http-port', '3'], environment)
    expect(options).toMatchObject({
      mode: { kind: 'portal', data: '.data/gateway' },
      adminPort: 1,
      httpPort: 3,
      adminAddress: '127.0.0.1',
      trustedHops: 0,
      allowLoopbackUpstreams: false,
    })
  })

  it('reads everything from the environment', () => {
    const options = readOptions([], {
      HEXGATE_PORTAL: 'https://portal.example',
      HEXGATE_GATEWAY_KEY: 'hgk_1\n',
      HEXGATE_DATA: '/var/lib/hexgate',
      HEXGATE_ALLOW_LOOPBACK_UPSTREAMS: 'true',
    })
    const mode = options?.mode
    expect(mode).toMatchObject({ kind: 'portal', data: '/var/lib/hexgate' })
    expect(mode?.kind === 'portal' && mode.key.reveal()).toBe('hgk_1')
    expect(options?.allowLoopbackUpstreams).toBe(true)
    expect(JSON.stringify(options)).not.toContain('hgk_1')
  })

  it('takes a shared store, a collector and a number of workers, and shows no password', () => {
    const options = readOptions([...portal, '--workers', '3', '--https-port', '8443'], {
      HEXGATE_SHARED_STORE: 'redis://:planted@cache.internal:6379/2',
      HEXGATE_OTLP_ENDPOINT: 'http://collector.internal:4318',
    })
    expect(options).toMatchObject({ workers: 3, httpsPort: 8443 })
    expect(options?.otlpEndpoint?.host).toBe('collector.internal:4318')
    expect(options?.sharedStore?.reveal()).toBe('redis://:planted@cache.internal:6379/2')
    expect(JSON.stringify(options)).not.toContain('planted')
    expect(readOptions(portal, {})).toMatchObject({ workers: 'auto', sharedStore: undefined })
  })

  it('takes limits by name, the last of one name, and those of the environment before', () => {
    const more = ['--limit', 'head-timeout-ms=5000', '--limit', 'connections-max=7']
    const environment = { HEXGATE_LIMITS: 'connections-max=9 unread-timeout-ms=100' }
    expect(readOptions([...portal, ...more], environment)?.limits).toEqual({
      headTimeoutMs: 5_000,
      connectionsMax: 7,
      unreadTimeoutMs: 100,
    })
    expect(readOptions(portal, {})?.limits).toEqual({})
  })

  it('asks for nothing more in local mode, and gives help when asked', () => {
    expect(readOptions(['--local', 'conf', '--validate'], {})?.mode).toEqual({
      kind: 'local',
      folder: 'conf',
      validateOnly: true,
    })
    expect(readOptions(['--help'], {})).toBeUndefined()
  })

  it.each([
    [[], '--portal URL'],
    [['--portal', 'http://portal.example'], 'gateway key is missing'],
    [[...portal, '--http-port', '70000'], '--http-port must be a whole number from 0 to 65535, not 70000'],
    [[...portal, '--admin-port', '1e3'], 'not 1e3'],
    [['--portal', 'ftp://portal.example', '--key', 'k'], 'no http or https address'],
    [['--portal', 'http://portal.example/base', '--key', 'k'], 'scheme, host and port alone'],
    [['--local', 'a', ...portal], 'exclude each other'],
    [['--validate', ...portal], '--validate needs'],
    [[...portal, '--shared-store', 'http://:secret@cache'], '--shared-store takes an address such as'],
    [[...portal, '--otlp-endpoint', 'collector:4318'], '--otlp-endpoint collector:4318 is no http'],
    [[...portal, '--workers', '0'], '--workers must be auto or a whole number from 1 to 256, not 0'],
    [[...portal, '--https-port', 'x'], '--https-port must be a whole number'],
    [[...portal, '--limit', 'speed=1'], '--limit speed is no limit; there are target-bytes-max, '],
    [[...portal, '--drain-grace-ms', '1s'], '--drain-grace-ms must be a whole number'],
    [[...portal, '--limit', 'fields-max'], 'fields-max must be a whole number from 1 to 1000, not nothing'],
    [[...portal, '--limit', 'idle-timeout-ms=1e3'], 'from 10 to 86400000, not 1e3'],
    [['--colour'], '--colour'],
    [['extra'], 'extra'],
  ])('%j is refused in one line', (args, message) => {
    expect(() => readOptions(args, {})).toThrow(UsageError)
    expect(() => readOptions(args, {})).toThrow(message)
  })
})
