import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const usual = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Sees to it that there is a browser; answers why there is none, or null. */
export function ensureChromium(): string | null {
  if (found()) return null
  const mayInstall = process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0
  if (!mayInstall) {
    return 'There is no Chromium. Install the package chromium (apt-get install chromium), or set HEXGATE_CHROMIUM.'
  }
  console.log('  · installing chromium')
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', 'chromium']]) {
    const { status, stderr } = spawnSync('apt-get', args, { env, encoding: 'utf8' })
    if (status !== 0) return `apt-get ${args[0]} failed: ${stderr.trim().split('\n').at(-1)}`
  }
  return found() ? null : 'The package chromium was installed, and there is still no browser.'
}

function found(): boolean {
  const chosen = process.env['HEXGATE_CHROMIUM']
  return chosen ? existsSync(chosen) : usual.some((file) => existsSync(file))
}
