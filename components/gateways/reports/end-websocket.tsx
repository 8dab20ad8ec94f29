'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { asProblem } from '../../shell/problem-error.ts'
import { Button } from '../../ui/button.tsx'
import { DialogClose, DialogContent } from '../../ui/dialog.tsx'
import { ProblemPanel } from '../../ui/problem-panel.tsx'
import { toast } from '../../ui/toast.tsx'
import { endWebSocket, gatewayQueries } from '../queries.ts'

interface Props {
  gatewayId: string
  nodeId: string
  websocketId: string
  whose: string
  onEnded: (websocketId: string) => void
}

/** Asks once more, then waits for the node's own word that it is done. */
export function EndWebSocket({ gatewayId, nodeId, websocketId, whose, onEnded }: Props) {
  const client = useQueryClient()
  const ending = useMutation({
    mutationFn: endWebSocket,
    onSuccess: () => {
      toast.success(`The WebSocket of ${whose} has ended`)
      onEnded(websocketId)
    },
    onSettled: () => client.invalidateQueries({ queryKey: gatewayQueries.all }),
  })
  return (
    <DialogContent
      size="sm"
      title={`End the WebSocket of ${whose}?`}
      description="Client and upstream are told with close code 4401."
      footer={
        <>
          <DialogClose asChild>
            <Button>Leave it open</Button>
          </DialogClose>
          <Button
            variant="danger"
            busy={ending.isPending}
            onClick={() => ending.mutate({ gatewayId, nodeId, websocketId })}
          >
            End session
          </Button>
        </>
      }
    >
      {ending.error ? (
        <ProblemPanel problem={asProblem(ending.error)} />
      ) : (
        <p className="text-sm text-ink-2">
          A client whose token is still good can connect again. That it was ended stands in the audit trail.
        </p>
      )}
    </DialogContent>
  )
}
