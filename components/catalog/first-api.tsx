'use client'
import { Boxes } from 'lucide-react'
import { useMay } from '../shell/shell-context.tsx'
import { NoneYet, NoPermission } from '../ui/empty-state.tsx'
import { NewApiButton } from './import-host.tsx'

/** Stands where the catalog's table would be while there is no API. */
export function FirstApi() {
  if (!useMay('apis.write')) {
    return <NoPermission title="No APIs yet">Owners and administrators import them.</NoPermission>
  }
  return (
    <NoneYet icon={Boxes} title="No APIs yet" action={<NewApiButton />}>
      Drop an OpenAPI document here, or choose one. OpenAPI 3.0, 3.1 and Swagger 2.0 are taken, in YAML or
      JSON.
    </NoneYet>
  )
}
