import { describe, expect, it } from 'vitest'
import { isForbiddenAddress } from './addresses.ts'
import { names } from './names.ts'
import { Endpoint } from './endpoint.ts'

describe('addresses that no upstream may have', () => {
  it.each([
    '0.0.0.0',
    '169.254.169.254',
    '169.254.0.1',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    'fe80::1',
    'febf::1',
    'fd00:ec2::254',
    'ff02::1',
    '::ffff:169.254.169.254',
    '64:ff9b::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
    'no address',
  ])('%s', (address) => expect(isForbiddenAddress(address, true)).toBe(true))

  it.each(['10.0.0.1', '192.168.1.1', '8.8.8.8', '2001:db8::1', 'fd00::1'])('%s is fine', (address) => {
    expect(isForbiddenAddress(address, false)).toBe(false)
  })

  it.each(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])(
    '%s is fine where loopback is allowed',
    (address) => {
      expect(isForbiddenAddress(address, true)).toBe(false)
      expect(isForbiddenAddress(address, false)).toBe(true)
    },
  )

  it.each(['http://2130706433', 'http://0x7f.1', 'http://017700000001', 'http://[::ffff:7f00:1]'])(
    '%s is loopback by another name',
    (url) => expect(isForbiddenAddress(new Endpoint(url).host, false)).toBe(true),
  )

  it('a name is judged by what it resolves to', async () => {
    const code = await new Promise((resolve) => {
      names.lookupFor(false)('localhost', {}, (error) => resolve(error === null ? 'allowed' : error.name))
    })
    expect(code).not.toBe('allowed')
  })
})

describe('an endpoint', () => {
  it.each([
    'ftp://a',
    'file:///etc/passwd',
    'gopher://a',
    'unix:/var/run/docker.sock',
    'http+unix://%2Fvar%2Frun%2Fdocker.sock',
    'http://u:p@a',
    'http://a?x',
    'http://a#x',
    'http://a:0',
    'http://a:65536',
  ])('is never %s', (url) => expect(() => new Endpoint(url)).toThrow())

  it('knows its authority and base path', () => {
    expect(new Endpoint('http://A.example:8080/v1/')).toMatchObject({
      host: 'a.example',
      port: 8080,
      authority: 'a.example:8080',
      basePath: '/v1',
      isSecure: false,
    })
    expect(new Endpoint('https://a.example')).toMatchObject({ port: 443, isSecure: true })
    expect(new Endpoint('http://[::1]')).toMatchObject({
      host: '::1',
      port: 80,
      authority: '[::1]',
      basePath: '',
      isAddress: true,
    })
  })
})
