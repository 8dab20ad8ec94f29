import type { FlexFault, Path, YamlDocument } from './document.ts'
import type { Resource } from './resources.ts'

/** A resource and the document that it was read from. */
export interface Placed<R extends Resource = Resource> {
  readonly resource: R
  readonly document: YamlDocument
}

/** What is worth telling although it is no fault. */
export interface FlexNote extends FlexFault {
  level: 'info' | 'warning'
}

function isOf<K extends Resource['kind']>(kind: K) {
  return (one: Placed): one is Placed<Extract<Resource, { kind: K }>> => one.resource.kind === kind
}

export function keyOf(kind: string, namespace: string, name: string): string {
  return `${kind} ${namespace}/${name}`
}

/** File and line of a resource, to name it beside another one. */
export function placeOf({ document }: Placed): string {
  const { file, line } = document.fault([], '')
  return `${file}:${line}`
}

/** The key of a resource: ClusterIssuers stand in no namespace. */
function keyOfResource({ kind, metadata }: Resource): string {
  return kind === 'ClusterIssuer'
    ? `${kind} ${metadata.name}`
    : keyOf(kind, metadata.namespace, metadata.name)
}

/** What several APIs share is looked at for each of them, and told once. */
function isSame(a: FlexFault, b: FlexFault): boolean {
  return a.detail === b.detail && a.pointer === b.pointer && a.line === b.line && a.file === b.file
}

/** All resources of a folder by kind and name, and what is found to be wrong with them. */
export class Register {
  readonly faults: FlexFault[] = []
  readonly notes: FlexNote[] = []
  readonly #placed: readonly Placed[]
  readonly #byKey = new Map<string, Placed>()

  constructor(placed: readonly Placed[]) {
    this.#placed = placed
    for (const one of placed) {
      const key = keyOfResource(one.resource)
      const other = this.#byKey.get(key)
      if (other === undefined) this.#byKey.set(key, one)
      else this.report(one, ['metadata', 'name'], `${key} is already defined at ${placeOf(other)}`)
    }
  }

  /** Every resource of a kind, in the order of files and documents. */
  of<K extends Resource['kind']>(kind: K): Placed<Extract<Resource, { kind: K }>>[] {
    return this.#placed.filter(isOf(kind))
  }

  find<K extends Resource['kind']>(kind: K, namespace: string, name: string) {
    const found = this.#byKey.get(keyOf(kind, namespace, name))
    return found !== undefined && isOf(kind)(found) ? found : undefined
  }

  report({ document }: { document: YamlDocument }, path: Path, detail: string): void {
    this.add(document.fault(path, detail))
  }

  add(fault: FlexFault): void {
    if (!this.faults.some((one) => isSame(one, fault))) this.faults.push(fault)
  }

  note(level: FlexNote['level'], { document }: { document: YamlDocument }, path: Path, detail: string): void {
    const note = { ...document.fault(path, detail), level }
    if (!this.notes.some((one) => isSame(one, note))) this.notes.push(note)
  }
}
