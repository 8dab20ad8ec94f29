'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { createContext, type ReactNode, useContext, useState } from 'react'
import type { CertificateRecord } from '#domain/trust-record.ts'
import { asProblem } from '../shell/problem-error.ts'
import { useMay } from '../shell/shell-context.tsx'
import { Button, type ButtonProps } from '../ui/button.tsx'
import { Dialog, DialogContent } from '../ui/dialog.tsx'
import { DropHint, useFileDrop } from '../ui/file-drop.tsx'
import { Tabs, TabsContent, TabsList, TabsTrigger } from '../ui/tabs.tsx'
import { toast } from '../ui/toast.tsx'
import { certificateHref } from './address.ts'
import { AddByImport } from './add-by-import.tsx'
import { AddByIssuing } from './add-by-issuing.tsx'
import { AddByNodes } from './add-by-nodes.tsx'
import { addCertificate, certificateQueries, type NewCertificate } from './queries.ts'

const context = createContext<() => void>(() => {})

/** Takes a certificate that is dropped anywhere on the page, and holds the dialog that adds one. */
export function AddCertificate({ isOpen, children }: { isOpen: boolean; children: ReactNode }) {
  const may = useMay('trust.write')
  const [open, setOpen] = useState(isOpen && may)
  const [dropped, setDropped] = useState<readonly File[]>([])
  const isOver = useFileDrop(may && !open && !isDialogOpen(), (files) => {
    if (isDialogOpen()) return
    setDropped(files)
    setOpen(true)
  })
  return (
    <context.Provider value={() => setOpen(true)}>
      {children}
      {isOver && <DropHint>Drop the certificate to add it</DropHint>}
      <Dialog
        open={open}
        onOpenChange={(next) => {
          setOpen(next)
          if (!next) setDropped([])
        }}
      >
        {open && <Content dropped={dropped} />}
      </Dialog>
    </context.Provider>
  )
}

// What is dropped on a dialog is for that dialog.
function isDialogOpen(): boolean {
  return typeof document !== 'undefined' && document.querySelector('[role=dialog]') !== null
}

/** Opens the dialog that adds a certificate. */
export function AddCertificateButton(props: ButtonProps) {
  const open = useContext(context)
  if (!useMay('trust.write')) return null
  return (
    <Button {...props} aria-haspopup="dialog" onClick={open}>
      <Plus aria-hidden />
      Add certificate
    </Button>
  )
}

function descriptionOf({ request, kept }: CertificateRecord): string | undefined {
  if (kept !== null) return `The nodes of ${kept.gatewayName} are asked for it.`
  return request === null ? undefined : 'Its request waits to be signed.'
}

function Content({ dropped }: { dropped: readonly File[] }) {
  const [tab, setTab] = useState('import')
  const client = useQueryClient()
  const router = useRouter()
  const adding = useMutation({
    mutationFn: (wanted: NewCertificate) => addCertificate(wanted),
    onSuccess: async (made) => {
      await client.invalidateQueries({ queryKey: certificateQueries.all })
      toast.success(`${made.name} is here`, {
        description: descriptionOf(made),
      })
      router.push(certificateHref(made.id))
    },
  })
  const form = {
    add: adding.mutate,
    isAdding: adding.isPending,
    problem: adding.error ? asProblem(adding.error) : null,
  }
  return (
    <DialogContent
      title="Add a certificate"
      description="Its private key is sealed, here or on the nodes, and never shown."
      size="lg"
    >
      <Tabs
        value={tab}
        onValueChange={(next) => {
          adding.reset()
          setTab(next)
        }}
      >
        <TabsList aria-label="Where the certificate comes from">
          <TabsTrigger value="import">Import</TabsTrigger>
          <TabsTrigger value="issue">Issue here</TabsTrigger>
          <TabsTrigger value="request">Key and request</TabsTrigger>
          <TabsTrigger value="nodes">Kept by nodes</TabsTrigger>
        </TabsList>
        <TabsContent value="import">
          <AddByImport {...form} dropped={dropped} />
        </TabsContent>
        <TabsContent value="issue">
          <AddByIssuing {...form} source="issue" />
        </TabsContent>
        <TabsContent value="request">
          <AddByIssuing {...form} source="request" />
        </TabsContent>
        <TabsContent value="nodes">
          <AddByNodes {...form} />
        </TabsContent>
      </Tabs>
    </DialogContent>
  )
}
