import { describe, expect, it } from 'vitest'
import { type AddressKind, addressIn, addressKind, upstreamRefusal } from './address.ts'

const kinds: [string, AddressKind][] = [
  ['orders.internal', 'name'],
  ['93.184.216.34', 'public'],
  ['10.1.2.3', 'private'],
  ['172.31.0.1', 'private'],
  ['172.32.0.1', 'public'],
  ['192.168.7.7', 'private'],
  ['127.0.0.1', 'loopback'],
  ['127.9.9.9', 'loopback'],
  ['2130706433', 'loopback'],
  ['0x7f.1', 'loopback'],
  ['0177.0.0.1', 'loopback'],
  ['localhost', 'loopback'],
  ['localhost.', 'loopback'],
  ['a.localhost', 'loopback'],
  ['[::1]', 'loopback'],
  ['0:0:0:0:0:0:0:1', 'loopback'],
  ['::ffff:127.0.0.1', 'loopback'],
  ['64:ff9b::7f00:1', 'loopback'],
  ['2002:7f00:1::', 'loopback'],
  ['169.254.1.1', 'link-local'],
  ['fe80::1%eth0', 'link-local'],
  ['169.254.169.254', 'metadata'],
  ['::ffff:a9fe:a9fe', 'metadata'],
  ['fd00:ec2::254', 'metadata'],
  ['metadata.google.internal', 'metadata'],
  ['fd12::1', 'private'],
  ['0.0.0.0', 'unspecified'],
  ['::', 'unspecified'],
  ['239.1.1.1', 'multicast'],
  ['ff02::1', 'multicast'],
  ['2606:2800:220:1:248:1893:25c8:1946', 'public'],
]

describe('address', () => {
  for (const [host, kind] of kinds) {
    it(`calls ${host} ${kind}`, () => expect(addressKind(host)).toBe(kind))
  }

  it('lets an upstream stand at a name, a public and a private address', () => {
    for (const url of ['http://orders.internal:8080/v1', 'http://93.184.216.34', 'http://10.0.0.1:80']) {
      expect(upstreamRefusal(url, { loopback: false })).toBeNull()
    }
  })

  it('lets an upstream stand on the own machine only when told', () => {
    expect(upstreamRefusal('http://127.0.0.1:4001', { loopback: false })).toContain('own machine')
    expect(upstreamRefusal('http://127.0.0.1:4001', { loopback: true })).toBeNull()
  })

  it('never lets an upstream stand where a cloud serves credentials, whatever the spelling', () => {
    for (const host of ['169.254.169.254', '2852039166', '[::ffff:169.254.169.254]', '0xa9fea9fe']) {
      expect(upstreamRefusal(`http://${host}/`, { loopback: true })).toContain('credentials')
    }
  })

  it('refuses other schemes and credentials inside the URL', () => {
    expect(upstreamRefusal('https://orders.internal', { loopback: false })).toBeNull()
    for (const url of ['ftp://a', 'file:///etc/passwd', 'gopher://a', 'unix:/var/run/docker.sock'])
      expect(upstreamRefusal(url, { loopback: true })).toContain('http://')
    expect(upstreamRefusal('http://u:p@orders.internal', { loopback: true })).toContain('password')
    expect(upstreamRefusal('orders', { loopback: true })).toContain('not a URL')
  })
})

describe('a range', () => {
  it.each([
    ['10.2.3.4', '10.0.0.0/8', true],
    ['11.2.3.4', '10.0.0.0/8', false],
    ['10.0.0.7', '10.0.0.4/30', true],
    ['10.0.0.8', '10.0.0.4/30', false],
    ['10.0.0.4', '10.0.0.4', true],
    ['10.0.0.5', '10.0.0.4', false],
    ['1.2.3.4', '0.0.0.0/0', true],
    ['2001:db8::1', '2001:db8::/32', true],
    ['2001:db9::1', '2001:db8::/32', false],
    ['1.2.3.4', '::/0', false],
    ['orders.internal', '0.0.0.0/0', false],
  ])('%s in %s: %s', (address, range, isIn) => expect(addressIn(address, range)).toBe(isIn))
})
