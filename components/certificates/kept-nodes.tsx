'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { useState } from 'react'
import type { KeptByNodes, KeptNode } from '#domain/kept-certificate.ts'
import type { CertificateRecord } from '#domain/trust-record.ts'
import { asProblem } from '../shell/problem-error.ts'
import { Button } from '../ui/button.tsx'
import { Mono } from '../ui/code-line.tsx'
import { NoneYet } from '../ui/empty-state.tsx'
import { Section } from '../ui/panel.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { State } from '../ui/state.tsx'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '../ui/table.tsx'
import { toast, toastProblem } from '../ui/toast.tsx'
import { CompleteForNode } from './complete-for-node.tsx'
import { keptLook } from './looks.ts'
import { certificateQueries, renewByNodes } from './queries.ts'
import { TextDownload } from './text-download.tsx'

interface Props {
  certificate: CertificateRecord
  kept: KeptByNodes
  mayWrite: boolean
}

/** Each node that keeps a certificate, and how far it is. */
export function KeptNodes({ certificate, kept, mayWrite }: Props) {
  const [chosen, setChosen] = useState<KeptNode | null>(null)
  const client = useQueryClient()
  const renewing = useMutation({
    mutationFn: () => renewByNodes(certificate),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: certificateQueries.all })
      toast.success('Every node makes another key', {
        description: 'What is shown stays until that is signed.',
      })
    },
    onError: (error) => toastProblem(asProblem(error)),
  })
  const signer =
    kept.issuerName === null ? 'Requests are signed by a CA elsewhere.' : `Signed by ${kept.issuerName}.`
  return (
    <Section
      title={`Nodes of ${kept.gatewayName}`}
      description={`Each has a key of its own, which never leaves it. ${signer}`}
      action={
        mayWrite && kept.nodes.length > 0 ? (
          <Button busy={renewing.isPending} onClick={() => renewing.mutate()}>
            Renew on every node
          </Button>
        ) : undefined
      }
    >
      {kept.nodes.length === 0 ? (
        <NoneYet title="No node yet" className="min-h-36">
          {kept.gatewayName} has no node. The first one that joins makes a key and asks for the certificate.
        </NoneYet>
      ) : (
        <Table className="min-w-0 sm:min-w-130">
          <caption className="sr-only">Nodes that keep {certificate.name}</caption>
          <TableHead>
            <tr>
              <TableHeader>Node</TableHeader>
              <TableHeader>State</TableHeader>
              <TableHeader className="hidden sm:table-cell">Valid until</TableHeader>
              <TableHeader className="hidden sm:table-cell">Signed</TableHeader>
              <TableHeader>
                <span className="sr-only">Actions</span>
              </TableHeader>
            </tr>
          </TableHead>
          <TableBody>
            {kept.nodes.map((node) => (
              <TableRow key={node.nodeId}>
                <NodeCells node={node} />
                <TableCell className="text-right">
                  <RequestActions
                    certificate={certificate}
                    node={node}
                    complete={mayWrite ? () => setChosen(node) : null}
                  />
                </TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      )}
      {chosen && <CompleteForNode certificate={certificate} node={chosen} close={() => setChosen(null)} />}
    </Section>
  )
}

function NodeCells({ node: { hostname, state, leaf, signedAt, fault, request } }: { node: KeptNode }) {
  const { tone, label } = keptLook[state]
  return (
    <>
      <TableCell>
        {hostname}
        <Mono className="ml-2 hidden text-ink-3 sm:inline">{leaf?.sha256.slice(0, 8)}</Mono>
      </TableCell>
      <TableCell>
        <State tone={tone}>{label}</State>
        {leaf !== null && request !== null && (
          <span className="block text-xs text-ink-3">its next request waits to be signed</span>
        )}
        {fault !== null && <span className="block max-w-96 text-xs break-words text-err">{fault}</span>}
      </TableCell>
      <TableCell className="hidden tnum sm:table-cell">{leaf?.notAfter.slice(0, 10) ?? '–'}</TableCell>
      <TableCell className="hidden text-ink-2 sm:table-cell">
        {signedAt === null ? '–' : <RelativeTime at={signedAt} />}
      </TableCell>
    </>
  )
}

interface RequestProps {
  certificate: CertificateRecord
  node: KeptNode
  /** Opens where the signed certificate is taken; null where the reader may not. */
  complete: (() => void) | null
}

function RequestActions({ certificate, node: { hostname, request }, complete }: RequestProps) {
  if (request === null) return null
  return (
    <span className="inline-flex flex-wrap justify-end gap-1.5">
      <TextDownload
        size="sm"
        text={request}
        file={`${certificate.name}-${hostname}.csr`}
        aria-label={`Download the request of ${hostname}`}
      >
        <Download aria-hidden />
        Request
      </TextDownload>
      {complete && (
        <Button
          size="sm"
          variant="primary"
          aria-haspopup="dialog"
          aria-label={`Bring the certificate of ${hostname}`}
          onClick={complete}
        >
          Bring it
        </Button>
      )}
    </span>
  )
}
