import { isOffline } from '#domain/deployment.ts'
import { nodeDetails } from '#domain/node-report.ts'
import { Problem } from '#domain/problem.ts'
import type { Actor } from '../actor.ts'
import { audit } from '../audit.ts'
import { transaction } from '../db.ts'
import { type CommandOutcome, order, outcomeOf } from './commands.ts'
import { canEndWebSockets } from './reports.ts'

interface WebSocketAt {
  gatewayId: string
  nodeId: string
  websocketId: string
}

/** Has a node end an open WebSocket, and waits until it has. */
export async function endWebSocket(at: WebSocketAt, actor: Actor): Promise<void> {
  const { commandId, hostname } = await orderEnd(at, actor)
  refuseUndone(await outcomeOf(commandId), hostname)
}

// Who ordered it stands in the trail before the node hears of it; that it failed is a second entry.
async function orderEnd({ gatewayId, nodeId, websocketId }: WebSocketAt, actor: Actor) {
  const { organisationId } = actor
  return transaction(async (tx) => {
    const node = await tx.node.findFirst({
      where: { id: nodeId, gatewayId, organisationId },
      include: { report: { select: { sessions: true } } },
    })
    if (!node) throw new Problem('not-found', 'There is no such node.')
    const { hostname } = node
    const sessions = nodeDetails.shape.sessions.safeParse(node.report?.sessions ?? undefined).data
    const session = sessions?.find(({ id }) => id === websocketId)
    if (!session) throw new Problem('not-found', `No WebSocket of that id is open at ${hostname}.`)
    if (isOffline(node, new Date())) throw new Problem('node.no-answer', `${hostname} is not connected.`)
    if (!canEndWebSockets(node)) {
      throw new Problem('node.too-old', `${hostname} runs ${node.runtimeVersion}. Update it, or restart it.`)
    }
    const command = { kind: 'evict' as const, sessionId: websocketId }
    const commandId = await order(tx, { organisationId, nodeId, command })
    const { apiId, subject, agency, openedAt } = session
    await audit(tx, actor, {
      action: 'websocket.end',
      subjectKind: 'websocket',
      subjectId: websocketId,
      before: { node: hostname, instanceId: apiId, subject, agency, openedAt },
    })
    return { commandId, hostname }
  })
}

function refuseUndone(outcome: CommandOutcome, hostname: string): void {
  switch (outcome) {
    case 'done':
    case 'probed':
      return
    case 'not-found':
      throw new Problem('not-found', 'The WebSocket has ended already.')
    case 'unknown':
      throw new Problem('node.too-old', `${hostname} does not understand the command.`)
    case 'no-answer':
      throw new Problem(
        'node.no-answer',
        `${hostname} did not answer. Look whether the WebSocket is still open.`,
      )
  }
}
