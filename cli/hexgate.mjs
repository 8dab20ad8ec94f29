#!/usr/bin/env node
// Runs under whatever Node there is (20 or later), hence plain JavaScript: it finds a Node that runs TypeScript and
// hands over to cli/main.ts.
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { suitableNode } from '#scripts/suitable-node.mjs'

const checkout = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')

try {
  const node = suitableNode(checkout)
  if (node === process.execPath) await import('./main.ts')
  else {
    // It prints and ends, so that there is no life of its own to look after.
    const { status, error } = spawnSync(
      node,
      [path.join(checkout, 'cli', 'main.ts'), ...process.argv.slice(2)],
      {
        stdio: 'inherit',
      },
    )
    if (error) throw error
    process.exitCode = status ?? 2
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 2
}
