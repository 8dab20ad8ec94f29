// Used before anything is installed, under whatever Node there is (20 or later), hence plain JavaScript.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'

const wantedNode = [24, 21]

/** A Node that runs TypeScript: this one, or the one that came with the packages. */
export function suitableNode(checkout) {
  if (!isOlder(process.versions.node, wantedNode)) return process.execPath
  const packaged = path.join(checkout, 'node_modules', '.bin', 'node')
  const found = existsSync(packaged) ? spawnSync(packaged, ['--version'], { encoding: 'utf8' }) : null
  if (found?.status === 0 && !isOlder(found.stdout.trim().slice(1), wantedNode)) return packaged
  throw new Error(
    `Hexgate needs Node ${wantedNode.join('.')} or later. This is ${process.versions.node}, and npm has no newer one ` +
      `for ${process.platform}-${process.arch}. Install it from https://nodejs.org and try again.`,
  )
}

export function isOlder(version, [major, minor]) {
  const [givenMajor = 0, givenMinor = 0] = version.split('.').map(Number)
  return givenMajor < major || (givenMajor === major && givenMinor < minor)
}
