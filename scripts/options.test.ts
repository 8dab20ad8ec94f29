import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { Failure } from './failure.ts'
import { helpText, parseStartOptions } from './options.ts'

describe('the options of a start', () => {
  it('have the defaults that the help names', () => {
    expect(parseStartOptions([], {})).toEqual({
      port: 3000,
      address: '127.0.0.1',
      portalUrl: 'http://localhost:3000',
      stsPort: 3001,
      gatewayPort: 8081,
      httpsPort: 8443,
      adminPort: 9901,
      demoPort: 4001,
      dataFolder: path.resolve('.data'),
      demo: true,
      gateway: true,
      databaseUrl: null,
      oidc: null,
      password: null,
    })
  })

  it('prefer what is given over the environment', () => {
    const env = { DATABASE_URL: 'postgresql://env@host/env', HEXGATE_DEMO_PASSWORD: 'from the environment' }
    expect(parseStartOptions([], env)).toMatchObject({
      databaseUrl: 'postgresql://env@host/env',
      password: 'from the environment',
    })
    expect(parseStartOptions(['--database-url', 'postgresql://given@host/given'], env)).toMatchObject({
      databaseUrl: 'postgresql://given@host/given',
    })
  })

  it('let the address of the portal follow its port', () => {
    expect(parseStartOptions(['--port', '4711'], {})).toMatchObject({ portalUrl: 'http://localhost:4711' })
  })

  it('name every option in the help, and ask for it with null', () => {
    expect(parseStartOptions(['--help'], {})).toBeNull()
    for (const option of ['--port', '--data', '--no-demo', '--database-url', '--oidc-issuer', '--password']) {
      expect(helpText).toContain(option)
    }
  })

  it.each([
    [['--prot', '1'], /--prot.*--help/],
    [['--port', '0'], /--port must be a port/],
    [['--port', 'x'], /--port must be a port/],
    [['--port', '70000'], /--port must be a port/],
    [['--port', '8081'], /--port and --gateway-port are both 8081/],
    [['--database-url', 'mysql://host/x'], /--database-url/],
    [['--database-url', 'postgresql:user@host/x'], /--database-url/],
    [['--oidc-issuer', 'https://issuer'], /belong together/],
    [['--portal-url', 'nowhere'], /--portal-url/],
    [['--password', 'short'], /8 characters/],
    [['stray'], /stray.*--help/],
  ])('refuse %j in one line', (args, expected) => {
    const refused = () => parseStartOptions(args, {})
    expect(refused).toThrow(Failure)
    expect(refused).toThrow(expected)
    expect(refused).not.toThrow(/\n/)
  })

  it('do not repeat a password that stands in a wrong address', () => {
    const refused = () => parseStartOptions(['--database-url', 'http://user:hidden@host/x'], {})
    expect(refused).not.toThrow(/hidden/)
  })
})
