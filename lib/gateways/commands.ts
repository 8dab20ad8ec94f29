import { setTimeout as delay } from 'node:timers/promises'
import { type Command, type CommandAnswer, command as commandSchema } from '#contract/events.ts'
import { commandedChannel } from '../changes.ts'
import { db, type Tx } from '../db.ts'

/**
 * What nodes are to do at once. Whoever orders writes a row; the replica that holds the node's connection hears of
 * it, takes it and writes how it went.
 */

export type CommandOutcome = CommandAnswer['status'] | 'no-answer'

/** From the order on. Later nobody does it any more, and whoever ordered it is told so. */
export const commandMsMax = 5_000
const askEveryMs = 100
/** Rows say what was ordered of late; the audit trail says it for good. */
const keptMs = 3_600_000

interface Ordered {
  organisationId: string
  nodeId: string
  command: Command
}

/** Orders it, once the transaction commits. */
export async function order(tx: Tx, { organisationId, nodeId, command }: Ordered): Promise<string> {
  const createdAt = new Date()
  await tx.nodeCommand.deleteMany({
    where: { organisationId, createdAt: { lt: new Date(createdAt.getTime() - keptMs) } },
  })
  const expiresAt = new Date(createdAt.getTime() + commandMsMax)
  const { id } = await tx.nodeCommand.create({
    data: { organisationId, nodeId, command, createdAt, expiresAt },
  })
  await tx.$executeRaw`SELECT pg_notify(${commandedChannel}, ${nodeId})`
  return id
}

/** How it went, once that is known; `no-answer` when its time is over. */
export async function outcomeOf(commandId: string): Promise<CommandOutcome> {
  return (await answerTo(commandId)).outcome
}

/** The same with what the node said beside it. */
export async function answerTo(commandId: string): Promise<{ outcome: CommandOutcome; answer: unknown }> {
  for (;;) {
    const row = await db().nodeCommand.findUnique({ where: { id: commandId } })
    // Written by `settle` alone.
    if (row?.outcome != null) return { outcome: row.outcome as CommandOutcome, answer: row.answer }
    // A node that was removed took its commands along.
    if (!row || row.expiresAt <= new Date()) return { outcome: 'no-answer', answer: null }
    await delay(askEveryMs)
  }
}

/** Takes what waits for a node, each command for one taker alone, in the order of the orders. */
export async function takeCommands({
  nodeId,
  organisationId,
}: Pick<Ordered, 'nodeId' | 'organisationId'>): Promise<{ id: string; command: Command }[]> {
  const now = new Date()
  const taken = await db().nodeCommand.updateManyAndReturn({
    where: { nodeId, organisationId, takenAt: null, expiresAt: { gt: now } },
    data: { takenAt: now },
    select: { id: true, command: true },
  })
  return taken
    .map(({ id, command }) => ({ id, command: commandSchema.parse(command) }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

/** Writes how it went. */
export async function settle(commandId: string, given: CommandAnswer | null): Promise<void> {
  await db().nodeCommand.updateMany({
    where: { id: commandId, outcome: null },
    data: {
      outcome: given?.status ?? 'no-answer',
      ...(given?.status === 'probed' ? { answer: given.report } : {}),
    },
  })
}
