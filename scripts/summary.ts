import path from 'node:path'
import { shownPath } from './folders.ts'
import type { StartOptions } from './options.ts'
import { clientFiles, guardedHost } from './sample-mtls.ts'
import type { Seeded } from './seed.ts'

interface Facts {
  options: StartOptions
  sts: { password: string; accounts: readonly { email: string; role: string }[]; issuer: string } | null
  seeded: Seeded
  seconds: number
}

/** What stands at the end of a start: the addresses, and how to sign in. */
export function summary({ options, sts, seeded, seconds }: Facts): string {
  const gateway = `http://localhost:${options.gatewayPort}`
  const lines = [
    '',
    `  Hexgate is up, after ${seconds.toFixed(1)} s.`,
    '',
    fact('Portal', options.portalUrl),
    ...(options.gateway
      ? [fact('Gateway', `${gateway}  (admin http://127.0.0.1:${options.adminPort})`)]
      : []),
    fact(
      'Data',
      `${shownPath(options.dataFolder)}  (logs in ${shownPath(path.join(options.dataFolder, 'log'))})`,
    ),
    '',
    ...signIn(sts, options),
    ...(options.demo && options.gateway ? tries(gateway, seeded, options) : []),
    '  Ctrl-C stops all of it.',
  ]
  return lines.join('\n')
}

function signIn(sts: Facts['sts'], options: StartOptions): string[] {
  if (!sts) return [fact('Sign in', `at ${options.oidc?.issuer}; whoever is first becomes the admin`), '']
  return [
    ...sts.accounts.map(({ email, role }, index) =>
      fact(index === 0 ? 'Sign in' : '', `${email.padEnd(28)} ${role}`),
    ),
    fact('Password', sts.password),
    '',
  ]
}

function tries(gateway: string, { demoKey: key, httpsPort }: Seeded, options: StartOptions): string[] {
  const file = (name: string) => shownPath(path.join(options.dataFolder, name))
  const certificates = `--cacert ${file(clientFiles.ca)} --cert ${file(clientFiles.client)}`
  return [
    fact('Try', `curl ${gateway}/shop/v1/orders`),
    ...(key ? [fact('', `curl -H 'x-api-key: ${key}' ${gateway}/crm/v2/customers`)] : []),
    ...(httpsPort
      ? [fact('', `curl ${certificates} https://${guardedHost}:${httpsPort}/warehouse/v1/stock`)]
      : []),
    '',
  ]
}

function fact(name: string, value: string): string {
  return `  ${name.padEnd(10)} ${value}`
}
