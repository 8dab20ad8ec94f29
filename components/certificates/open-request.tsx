'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import type { CertificateRecord } from '#domain/trust-record.ts'
import { asProblem } from '../shell/problem-error.ts'
import { Button } from '../ui/button.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { Notice } from '../ui/notice.tsx'
import { toastProblem } from '../ui/toast.tsx'
import { cancelRequest, certificateQueries } from './queries.ts'
import { TextDownload } from './text-download.tsx'

interface Props {
  certificate: CertificateRecord
  request: string
  /** Opens where the signed certificate is taken back; null where the reader may not. */
  complete: (() => void) | null
}

/** A request that waits to be signed: to be taken to a CA, and back. */
export function OpenRequest({ certificate, request, complete }: Props) {
  const client = useQueryClient()
  const cancelling = useMutation({
    mutationFn: () => cancelRequest(certificate),
    onSuccess: () => client.invalidateQueries({ queryKey: certificateQueries.all }),
    onError: (error) => toastProblem(asProblem(error)),
  })
  return (
    <Notice
      tone="info"
      title="A request waits to be signed"
      actions={
        <span className="flex flex-wrap items-center gap-2">
          {complete && (
            <Button variant="primary" aria-haspopup="dialog" onClick={complete}>
              Complete it
            </Button>
          )}
          <CopyButton text={request} label="Copy the request" withText />
          <TextDownload text={request} file={`${certificate.name}.csr`}>
            <Download aria-hidden />
            Download
          </TextDownload>
          {complete && (
            <Button variant="ghost" busy={cancelling.isPending} onClick={() => cancelling.mutate()}>
              Give it up
            </Button>
          )}
        </span>
      }
    >
      Its key is sealed here. Have a CA sign the request, then bring what it answers.
      <details className="mt-1.5">
        <summary className="cursor-pointer rounded-sm text-xs text-ink-3 hover:text-ink">
          Show the request (PKCS#10)
        </summary>
        <pre
          // Scrollable regions must be reachable by keyboard.
          tabIndex={0}
          className="mt-1.5 overflow-x-auto rounded-md border border-line bg-canvas px-2.5 py-2 font-mono text-xs"
        >
          {request}
        </pre>
      </details>
    </Notice>
  )
}
