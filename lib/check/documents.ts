import { z } from 'zod'
import {
  type FlexFault,
  faultsOf,
  readDocuments,
  type Source,
  type YamlDocument,
} from '#dialects/flex/document.ts'
import type { Placed } from '#dialects/flex/register.ts'
import { resource } from '#dialects/flex/resources.ts'
import {
  type ImportedDocument,
  importDocument,
  type SwaggerConverter,
} from '#dialects/openapi/import-document.ts'
import { fencedDocuments } from './markdown.ts'
import { type ClusterService, clusterService, type Namespace, namespace, workload } from './cluster.ts'
import type { Workload } from './cluster.ts'

/** An OpenAPI document that could be read. */
export interface OpenApiDocument extends Source {
  readonly document: ImportedDocument
}

/** The documents of a folder, each as what it is. */
export interface Documents {
  readonly resources: readonly Placed[]
  readonly services: readonly ClusterService[]
  readonly namespaces: readonly Namespace[]
  readonly workloads: readonly Workload[]
  /** Documents of others, about which nothing is said here. */
  readonly others: readonly FlexFault[]
  /** What cannot be read, and why. */
  readonly unreadable: readonly FlexFault[]
  readonly openapis: readonly OpenApiDocument[]
  readonly count: number
}

const head = z.looseObject({ apiVersion: z.string().optional(), kind: z.string().optional() })
const workloadKinds = new Set(['Deployment', 'StatefulSet', 'DaemonSet'])
const openapi = /(?:^|[{,])\s{0,4}["']?(?:openapi|swagger)["']?\s*:\s*["']?[23]\./m

/** Reads every file; what has a shape of its own and does not keep to it cannot be read. */
export async function readFolder(sources: readonly Source[], convert: SwaggerConverter): Promise<Documents> {
  const reading = new Reading()
  for (const { file, text } of sources) {
    const source = { file, text: /\.(?:md|markdown|txt)$/i.test(file) ? fencedDocuments(text) : text }
    if (openapi.test(source.text) && !/^["']?apiVersion/m.test(source.text))
      await reading.addOpenApi(source, convert)
    else if (!/\.json$/i.test(file) || text.includes('"apiVersion"')) reading.addFile(source)
  }
  return reading
}

class Reading implements Documents {
  readonly resources: Placed[] = []
  readonly services: ClusterService[] = []
  readonly namespaces: Namespace[] = []
  readonly workloads: Workload[] = []
  readonly others: FlexFault[] = []
  readonly unreadable: FlexFault[] = []
  readonly openapis: OpenApiDocument[] = []
  count = 0

  async addOpenApi({ file, text }: Source, convert: SwaggerConverter): Promise<void> {
    const imported = await importDocument(text, convert)
    this.count += 1
    if ('document' in imported) {
      this.openapis.push({ file, text, document: imported.document })
      return
    }
    this.unreadable.push(
      ...imported.faults.map(({ pointer, line = 1, column = 1, detail }) => ({
        file,
        pointer,
        line,
        column,
        detail,
      })),
    )
  }

  addFile(source: Source): void {
    const { documents, faults } = readDocuments(source)
    this.unreadable.push(...faults)
    for (const document of documents) this.#add(document)
  }

  #add(document: YamlDocument): void {
    this.count += 1
    const { apiVersion, kind = '' } = head.safeParse(document.value).data ?? {}
    const isIn = (group: string) => apiVersion?.split('/')[0] === group && apiVersion.includes('/')
    if (apiVersion === 'v1' && kind === 'Service') return this.#take(clusterService, document, this.services)
    if (apiVersion === 'v1' && kind === 'Namespace') return this.#take(namespace, document, this.namespaces)
    if (isIn('apps') && workloadKinds.has(kind)) return this.#take(workload, document, this.workloads)
    const isOurs =
      isIn('gateway.mulesoft.com') ||
      (isIn('cert-manager.io') && ['Certificate', 'Issuer', 'ClusterIssuer'].includes(kind)) ||
      (isIn('networking.k8s.io') && kind === 'NetworkPolicy') ||
      (apiVersion === 'v1' && kind === 'Secret') ||
      // Without its version it is one of these that was written wrongly, or nobody's.
      (apiVersion === undefined && ['ApiInstance', 'PolicyBinding', 'NetworkPolicy', 'Secret'].includes(kind))
    if (!isOurs)
      return void this.others.push(
        document.fault([], kind === '' ? 'a document without a kind' : `a ${kind}`),
      )
    const parsed = resource.safeParse(document.value)
    if (parsed.success) this.resources.push({ resource: parsed.data, document })
    else this.unreadable.push(...faultsOf(parsed.error, document))
  }

  #take<T>(shape: z.ZodType<T>, document: YamlDocument, into: T[]): void {
    const parsed = shape.safeParse(document.value)
    if (parsed.success) into.push(parsed.data)
    else this.unreadable.push(...faultsOf(parsed.error, document))
  }
}
