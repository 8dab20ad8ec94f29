import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Source } from '#dialects/flex/document.ts'
import { environmentKinds } from '#domain/gateway.ts'
import { convertSwagger } from '#lib/catalog/swagger.ts'
import { type CheckSettings, check as checkDocuments, networkPolicies } from '#lib/check/check.ts'
import { exitCodes, reportText } from '#lib/check/report.ts'

/** Judges a folder, prints the report, and answers the exit code. */
export async function check(
  folder: string,
  options: { readonly json: boolean; readonly environment: string },
): Promise<number> {
  const environment = environmentKinds.find((kind) => kind === options.environment)
  if (environment === undefined) {
    process.stderr.write(
      `--environment must be ${environmentKinds.join(' or ')}, not ${options.environment}.\n`,
    )
    return 2
  }
  const sources = await sourcesIn(folder)
  if (sources.length === 0) {
    process.stderr.write(`There is no YAML, JSON or Markdown in ${folder}.\n`)
    return 2
  }
  const report = await checkDocuments(sources, settingsFor(environment))
  process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report))
  return exitCodes[report.outcome]
}

/** Prints the NetworkPolicies that a folder of documents needs. */
export async function printNetworkPolicies(folder: string): Promise<number> {
  const generated = await networkPolicies(await sourcesIn(folder), settingsFor('production'))
  if ('yaml' in generated) {
    process.stdout.write(generated.yaml)
    return 0
  }
  for (const { file, line, column, detail } of generated.unreadable)
    process.stderr.write(`${file}:${line}:${column} cannot be read: ${detail}\n`)
  return exitCodes.unreadable
}

function settingsFor(environment: CheckSettings['environment']): CheckSettings {
  return { environment, now: new Date(), convertSwagger }
}

const readable = /\.(?:ya?ml|json|md|markdown|txt)$/i

/** Every file that may hold documents, the same order on every machine. A file may be named alone. */
async function sourcesIn(folder: string): Promise<Source[]> {
  if ((await stat(folder)).isFile())
    return [{ file: path.basename(folder), text: await readFile(folder, 'utf8') }]
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile() && readable.test(entry.name))
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    // Hidden folders and packages hold what others wrote.
    .filter((file) => !file.split(path.sep).some((part) => part.startsWith('.') || part === 'node_modules'))
    .toSorted()
  return Promise.all(
    files.map(async (file) => ({
      file: file.split(path.sep).join('/'),
      text: await readFile(path.join(folder, file), 'utf8'),
    })),
  )
}
