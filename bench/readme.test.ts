import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { withResults } from './readme.ts'
import { readResults, type Result } from './results.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

const result: Result = {
  name: 'proxy',
  method: 'as it is done',
  date: '2026-01-02T03:04:05.000Z',
  machine: { processor: 'P', cores: 2, kernel: '6', node: 'v24.0.0', loadAverageBefore: 0 },
  rows: [
    { proxy: 'nginx', work: 'GET', values: { cpuMicroseconds: 10 }, rounds: [] },
    { proxy: 'Hexgate', work: 'GET', values: { cpuMicroseconds: 12 }, rounds: [] },
    { proxy: 'Hexgate', work: 'POST', values: { cpuMicroseconds: 15 }, rounds: [] },
  ],
  figures: [
    { name: 'plain', work: 'GET', value: 1.2, unit: '× nginx', gate: 1.5, goal: 1.15 },
    { name: 'memory', value: 180, unit: 'MB', gate: 200, goal: 150 },
  ],
  leftOut: ['Envoy'],
}

describe('the README', () => {
  it('quotes what is in results.json, and nothing else (npm run bench -- readme)', () => {
    expect(withResults(readme, readResults())).toBe(readme)
  })

  it('has a line for each piece of work and a column for each proxy, empty where one cannot do it', () => {
    const made = withResults('<!-- bench -->\n<!-- /bench -->', [result])
    expect(made).toContain('| work | nginx | Hexgate | ours is | gate | goal |')
    expect(made).toContain('| GET | 10 | 12 | 1.2 × nginx | 1.5 | 1.15 |')
    expect(made).toContain('| POST |  | 15 |  |  |  |')
    expect(made).toContain('| memory | 180 MB | 200 | 150 |')
  })

  it('says when, where and without whom', () => {
    const made = withResults('<!-- bench -->\n<!-- /bench -->', [result])
    expect(made).toContain('Measured on 2026-01-02 on P, 2 cores, Node 24.0.0.')
    expect(made).toContain('Envoy was not installed there.')
  })
})
