import { parseArgs } from 'node:util'
import { check, printNetworkPolicies } from './check.ts'

const help = `Hexgate without a portal.

  hexgate check FOLDER [options]      judges a folder of documents: Flex YAML, Secrets, cert-manager,
                                      NetworkPolicies, OpenAPI

  hexgate network-policies FOLDER     prints the NetworkPolicies that let through what the folder declares,
                                      and nothing else

  --json                              for programs, in one document
  --environment development           where self-signed certificates are allowed (production)

Exit code 0: nothing against them, or warnings alone. 1: an error. 2: a document cannot be read.
`

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      environment: { type: 'string', default: 'production' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const [verb, folder, ...rest] = positionals
  if (values.help) {
    process.stdout.write(help)
    return 0
  }
  if (folder !== undefined && rest.length === 0) {
    if (verb === 'check') return check(folder, values)
    if (verb === 'network-policies') return printNetworkPolicies(folder)
  }
  process.stderr.write(help)
  return 2
}

try {
  process.exitCode = await main()
} catch (error) {
  // What a person can mend, such as a word of the command or a folder that is not there, needs no stack.
  const isKnown = error instanceof Error && 'code' in error
  process.stderr.write(`${isKnown ? error.message : error instanceof Error ? error.stack : String(error)}\n`)
  process.exitCode = 2
}
