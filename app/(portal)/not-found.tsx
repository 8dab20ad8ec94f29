import { NothingHere } from '#components/shell/nothing-here.tsx'
import { Page } from '#components/shell/page.tsx'

export default function NotFound() {
  return (
    <Page title="Not found">
      <NothingHere />
    </Page>
  )
}
