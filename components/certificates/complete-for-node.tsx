'use client'
import type { KeptNode } from '#domain/kept-certificate.ts'
import type { CertificateRecord } from '#domain/trust-record.ts'
import { FormDialog } from '../ui/form-dialog.tsx'
import { toast } from '../ui/toast.tsx'
import { BroughtFacts } from './brought-facts.tsx'
import { ContentField } from './content-field.tsx'
import { certificateQueries, checkContent, completeForNode } from './queries.ts'
import { useBrought } from './use-brought.ts'

interface Props {
  certificate: CertificateRecord
  node: KeptNode
  close: () => void
}

/** Takes what a CA elsewhere signed for the request of one node. */
export function CompleteForNode({ certificate, node: { nodeId, hostname }, close }: Props) {
  const bringing = useBrought(checkContent)
  const { content, found } = bringing
  return (
    <FormDialog
      title={`Bring the certificate of ${hostname}`}
      description="What the CA made of its request, with the intermediates. The key stays on the node."
      size="lg"
      submit="Give it to the node"
      disabled={found === null}
      save={() => {
        if (content === null) throw new Error('Nothing was brought yet.')
        return completeForNode(certificate, nodeId, content)
      }}
      refreshes={[certificateQueries.all]}
      onSaved={() => {
        toast.success(`${hostname} has its certificate`, {
          description: 'It shows it as soon as it hears of it.',
        })
        close()
      }}
      onClose={close}
    >
      {() => (
        <ContentField
          bringing={bringing}
          label="Signed certificate"
          hint="PEM or DER, with its intermediates"
        >
          {found && <BroughtFacts chain={found.chain} hasKey={found.hasKey} />}
        </ContentField>
      )}
    </FormDialog>
  )
}
