'use client'
import type { OperationView } from '#domain/catalog.ts'
import { OperationList } from './operation-list.tsx'

/** One operation of the portal's own interface, as its document describes it. */
export interface DocumentedOperation extends OperationView {
  parameters: readonly { name: string; in: string; required: boolean; description: string; type: string }[]
  /** JSON Schemas, printed. */
  body: string | null
  answer: string | null
}

/** The REST interface, operation by operation. */
export function ApiDocs({ operations }: { operations: readonly DocumentedOperation[] }) {
  const details = new Map(operations.map((operation) => [keyOf(operation), operation]))
  return (
    <OperationList operations={operations}>
      {(operation) => {
        const documented = details.get(keyOf(operation))
        return documented && <Details operation={documented} />
      }}
    </OperationList>
  )
}

function keyOf({ method, path }: { method: string; path: string }): string {
  return `${method} ${path}`
}

function Details({ operation }: { operation: DocumentedOperation }) {
  const { parameters, body, answer } = operation
  return (
    <details className="mt-1 text-sm">
      <summary className="w-fit cursor-pointer rounded-sm text-xs text-accent">
        Parameters and schemas
      </summary>
      <div className="mt-2 flex flex-col gap-3 pb-1">
        {parameters.length > 0 && (
          <ul className="flex flex-col gap-1">
            {parameters.map(({ name, in: place, required, description, type }) => (
              <li key={`${place} ${name}`} className="text-xs">
                <span className="font-mono">{name}</span>{' '}
                <span className="text-ink-3">
                  {place}, {type}
                  {required ? ', required' : ''}
                </span>{' '}
                {description}
              </li>
            ))}
          </ul>
        )}
        {body && <SchemaText title="Body" text={body} />}
        {answer && <SchemaText title="Answer" text={answer} />}
      </div>
    </details>
  )
}

function SchemaText({ title, text }: { title: string; text: string }) {
  return (
    <div>
      <h3 className="mb-1 text-xs font-medium text-ink-3">{title}</h3>
      <pre
        // Scrollable regions must be reachable by keyboard.
        tabIndex={0}
        aria-label={title}
        className="max-h-80 overflow-auto rounded-md border border-line bg-canvas p-2.5 font-mono text-xs"
      >
        {text}
      </pre>
    </div>
  )
}
