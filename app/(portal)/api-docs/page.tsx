import { ApiDocs } from '#components/catalog/api-docs.tsx'
import { Page } from '#components/shell/page.tsx'
import { Button } from '#components/ui/button.tsx'
import { CodeLine, Mono } from '#components/ui/code-line.tsx'
import { env } from '#lib/env.ts'
import { readableOperations } from '#lib/openapi-document.ts'
import { operations } from '#lib/operations.ts'
import { requireActor } from '#lib/session/page.ts'

export const metadata = { title: 'REST interface' }

export default async function ApiDocsPage() {
  await requireActor('organisation.read')
  const address = `${env().HEXGATE_PORTAL_URL}/api/v1`
  const documented = readableOperations(operations).toSorted((a, b) => compare(a.tags[0], b.tags[0]))
  return (
    <Page
      title="REST interface"
      actions={
        <Button asChild>
          <a href="/api/v1/openapi.json">OpenAPI document</a>
        </Button>
      }
    >
      <div className="flex max-w-5xl flex-col gap-5">
        <div className="flex flex-col gap-2 text-sm text-ink-2">
          <p>
            Everything that these pages do is done here. Machines send an access token from client credentials
            with the scope <Mono>api.read</Mono> or <Mono>api.write</Mono>. Errors are problem documents whose{' '}
            <Mono>code</Mono> comes from a closed list. A write names the version that it changes in{' '}
            <Mono>If-Match</Mono> where the operation asks for it.
          </p>
          <CodeLine text={`curl -H 'authorization: Bearer TOKEN' ${address}/apis`} label="Copy the command" />
        </div>
        <ApiDocs operations={documented} />
      </div>
    </Page>
  )
}

function compare(a = '', b = ''): number {
  return a < b ? -1 : a > b ? 1 : 0
}
