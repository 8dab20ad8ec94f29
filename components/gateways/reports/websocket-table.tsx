'use client'
import { useState } from 'react'
import type { SessionReport } from '#domain/node-report.ts'
import { useMay } from '../../shell/shell-context.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { WordState } from '../../ui/state.tsx'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '../../ui/table.tsx'
import { ApiName, type ApiNames } from './api-name.tsx'
import { EndWebSocket } from './end-websocket.tsx'
import type { Reported } from './node-sections.tsx'
import { countdown, counted, spanInWords } from './spans.ts'

const figures = 'text-right tnum'
/** Said beside the subject where there is no room. */
const wide = 'hidden sm:table-cell'

interface Props {
  gatewayId: string
  reported: Reported
  sessions: readonly SessionReport[]
  names: ApiNames
  now: Date
}

/** The open WebSockets of a node: for whom, for how long still, and the way to end one. */
export function WebSocketTable({ gatewayId, reported, sessions, names, now }: Props) {
  const { node, pulse, isCurrent } = reported
  const [ending, setEnding] = useState<SessionReport | null>(null)
  const [ended, setEnded] = useState<ReadonlySet<string>>(new Set())
  const mayEnd = useMay('gateways.write')
  const open = pulse?.webSockets ?? sessions.length
  return (
    <>
      <Table className="min-w-0 table-fixed sm:min-w-200">
        <caption className="sr-only">WebSockets of {node.hostname}</caption>
        <TableHead>
          <tr>
            <TableHeader>Subject</TableHeader>
            <TableHeader className={`w-[14%] ${wide}`}>Agency</TableHeader>
            <TableHeader className={`w-[18%] ${wide}`}>API</TableHeader>
            <TableHeader className={`w-[11%] ${figures} ${wide}`}>Open for</TableHeader>
            <TableHeader className={`w-24 sm:w-[13%] ${figures}`}>
              <span className="max-sm:hidden">Token time left</span>
              <span className="sm:hidden">Time left</span>
            </TableHeader>
            <TableHeader className={`w-[9%] ${figures} ${wide}`}>Renewals</TableHeader>
            <TableHeader className="w-28">
              <span className="sr-only">Actions</span>
            </TableHeader>
          </tr>
        </TableHead>
        <TableBody>
          {sessions.map((session, index) => (
            <TableRow key={session.id ?? index} data-websocket={session.id}>
              <SessionCells session={session} isHidden={node.hidesSubjects} names={names} now={now} />
              <TableCell className="text-right">
                {session.id !== undefined && ended.has(session.id) ? (
                  <WordState tone="idle">ended</WordState>
                ) : (
                  mayEnd &&
                  isCurrent &&
                  node.canEndWebSockets &&
                  session.id !== undefined && (
                    <Button
                      size="sm"
                      variant="danger"
                      aria-haspopup="dialog"
                      aria-label={`End session of ${nameOf(session)}`}
                      onClick={() => setEnding(session)}
                    >
                      End session
                    </Button>
                  )
                )}
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
      <p className="mt-1.5 text-xs text-ink-3">
        {open > sessions.length &&
          `The ${sessions.length} of ${counted(open, 'WebSocket')} that were opened first. `}
        {!mayEnd &&
          `An operator or an admin ${node.hidesSubjects ? 'sees whose they are, and ' : ''}can end a WebSocket. `}
        {mayEnd && !node.canEndWebSockets && 'This node is of a version that cannot end a WebSocket.'}
      </p>
      <Dialog open={ending !== null} onOpenChange={(isOpen) => !isOpen && setEnding(null)}>
        {ending?.id !== undefined && (
          <EndWebSocket
            gatewayId={gatewayId}
            nodeId={node.nodeId}
            websocketId={ending.id}
            whose={nameOf(ending)}
            onEnded={(id) => {
              setEnded((before) => new Set([...before, id]))
              setEnding(null)
            }}
          />
        )}
      </Dialog>
    </>
  )
}

function nameOf({ subject, client }: SessionReport): string {
  return subject ?? client ?? 'nobody known'
}

interface CellProps {
  session: SessionReport
  /** Whose it is, is not told. */
  isHidden: boolean
  names: ApiNames
  now: Date
}

function SessionCells({ session, isHidden, names, now }: CellProps) {
  const { subject, client, agency, apiId, openedAt, renewals } = session
  return (
    <>
      <TableCell>
        <bdi className="break-all">
          {subject ?? <span className="text-ink-3">{isHidden ? 'not shown' : 'no token'}</span>}
        </bdi>
        {client !== null && client !== subject && <div className="text-xs text-ink-3">client {client}</div>}
        <div className="text-xs text-ink-3 sm:hidden">
          {[agency, names.get(apiId)?.basePath].filter(Boolean).join(', ')}
        </div>
      </TableCell>
      <TableCell className={`break-words ${wide}`}>
        {agency ?? <span className="text-ink-3">–</span>}
      </TableCell>
      <TableCell className={wide}>
        <ApiName id={apiId} names={names} />
      </TableCell>
      <TableCell className={`${figures} whitespace-nowrap ${wide}`}>
        <time dateTime={openedAt} title={openedAt}>
          {spanInWords(now.getTime() - Date.parse(openedAt))}
        </time>
      </TableCell>
      <TableCell className={`${figures} whitespace-nowrap`}>
        <TimeLeft session={session} now={now} />
      </TableCell>
      <TableCell className={`${figures} ${wide}`}>{renewals ?? '–'}</TableCell>
    </>
  )
}

const soonMs = 60_000

function TimeLeft({ session: { expiresAt }, now }: { session: SessionReport; now: Date }) {
  if (expiresAt === null) return <span className="text-ink-3">no end</span>
  const leftMs = Date.parse(expiresAt) - now.getTime()
  if (leftMs <= 0) return <span className="text-err">expired {spanInWords(-leftMs)} ago</span>
  return <span className={leftMs < soonMs ? 'text-warn' : undefined}>{countdown(leftMs)}</span>
}
