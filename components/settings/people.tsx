import type { Member, ServiceAccountView } from '#domain/member.ts'
import { Mono } from '../ui/code-line.tsx'
import { Section } from '../ui/panel.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '../ui/table.tsx'

/** The people of the organisation. */
export function MemberTable({ members }: { members: readonly Member[] }) {
  return (
    <Section title="Members" description="People enter by signing in; an admin gives them a role.">
      <Table>
        <TableHead>
          <tr>
            <TableHeader>Name</TableHeader>
            <TableHeader>E-mail</TableHeader>
            <TableHeader>Role</TableHeader>
            <TableHeader>Since</TableHeader>
          </tr>
        </TableHead>
        <TableBody>
          {members.map((member) => (
            <TableRow key={member.id}>
              <TableCell className="font-medium">{member.name}</TableCell>
              <TableCell className="text-ink-2">{member.email ?? 'not given'}</TableCell>
              <TableCell>{member.role}</TableCell>
              <TableCell className="text-ink-2">
                <RelativeTime at={member.since} />
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </Section>
  )
}

/** The machines that may act by their own credentials. */
export function ServiceAccountTable({ accounts }: { accounts: readonly ServiceAccountView[] }) {
  return (
    <Section title="Service accounts" description="Clients of the issuer that use the REST interface.">
      {accounts.length === 0 ? (
        <p className="rounded-lg border border-line bg-panel px-3 py-2.5 text-sm text-ink-2">
          No machine has access yet.
        </p>
      ) : (
        <Table>
          <TableHead>
            <tr>
              <TableHeader>Name</TableHeader>
              <TableHeader>Client id</TableHeader>
              <TableHeader>Role</TableHeader>
              <TableHeader>Since</TableHeader>
            </tr>
          </TableHead>
          <TableBody>
            {accounts.map((account) => (
              <TableRow key={account.id}>
                <TableCell className="font-medium">{account.name}</TableCell>
                <TableCell>
                  <Mono>{account.clientId}</Mono>
                </TableCell>
                <TableCell>{account.role}</TableCell>
                <TableCell className="text-ink-2">
                  <RelativeTime at={account.since} />
                </TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      )}
    </Section>
  )
}
