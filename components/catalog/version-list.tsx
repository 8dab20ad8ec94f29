'use client'
import type { ApiDetail } from '#domain/catalog.ts'
import { Chip } from '../ui/chip.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '../ui/table.tsx'

const formatName = {
  'openapi-3.0': 'OpenAPI 3.0',
  'openapi-3.1': 'OpenAPI 3.1',
  'swagger-2.0': 'Swagger 2.0, converted',
} as const

/** The versions of an API, newest first, and where each is exposed. */
export function VersionList({ api }: { api: ApiDetail }) {
  return (
    <Table>
      <caption className="sr-only">Versions</caption>
      <TableHead>
        <tr>
          <TableHeader>Version</TableHeader>
          <TableHeader>Document</TableHeader>
          <TableHeader>Operations</TableHeader>
          <TableHeader>Exposed at</TableHeader>
          <TableHeader>Imported</TableHeader>
        </tr>
      </TableHead>
      <TableBody>
        {api.versions.map((version) => (
          <TableRow key={version.id}>
            <TableCell className="font-medium">{version.label}</TableCell>
            <TableCell title={version.notes.join('\n')}>{formatName[version.sourceFormat]}</TableCell>
            <TableCell className="tnum">{version.operations}</TableCell>
            <TableCell>
              <span className="flex flex-wrap gap-1.5">
                {api.instances
                  .filter(({ versionId }) => versionId === version.id)
                  .map(({ id, gatewayName, basePath }) => (
                    <Chip key={id}>
                      {gatewayName} {basePath}
                    </Chip>
                  ))}
              </span>
            </TableCell>
            <TableCell className="text-ink-2">
              <RelativeTime at={version.createdAt} /> by {version.createdBy}
            </TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  )
}
