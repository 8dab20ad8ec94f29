import Link from 'next/link'
import type { InstanceView } from '#domain/catalog.ts'
import { ChipButton } from '../ui/chip.tsx'

/** Chooses which of an API's exposures the page shows. */
export function ExposureChips({
  instances,
  shownId,
}: {
  instances: readonly InstanceView[]
  shownId: string | undefined
}) {
  return instances.map(({ id, apiId, gatewayName, basePath }) => (
    <ChipButton key={id} asChild on={id === shownId}>
      <Link href={`/catalog/${apiId}?instance=${id}`}>
        {gatewayName} {basePath}
      </Link>
    </ChipButton>
  ))
}
