'use client'
import { useQueryClient } from '@tanstack/react-query'
import { FormDialog, type FormDialogProps } from '../../ui/form-dialog.tsx'
import { toast } from '../../ui/toast.tsx'
import { topologyQueries } from '../topology-queries.ts'

interface Props extends Omit<FormDialogProps<string>, 'refreshes' | 'onSaved'> {
  /** Does the writing and gives the words of the toast. */
  save: () => Promise<string>
}

/** A dialog around one write of the topology: it says what was done, and closes. */
export function TopologyForm({ save, ...props }: Props) {
  const client = useQueryClient()
  const saveAll = async () => {
    try {
      return await save()
    } catch (error) {
      // A network that was made on the way is there, whatever came after it.
      void client.invalidateQueries({ queryKey: topologyQueries.all })
      throw error
    }
  }
  return (
    <FormDialog
      {...props}
      save={saveAll}
      refreshes={[topologyQueries.all]}
      onSaved={(words) => {
        toast.success(words)
        props.onClose()
      }}
    />
  )
}
