'use client'
import { PageFailure } from '#components/shell/page-failure.tsx'
import './globals.css'

/** Stands in the place of the root layout when that itself fails. */
export default function GlobalError(props: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <html lang="en">
      <body>
        <PageFailure {...props} />
      </body>
    </html>
  )
}
