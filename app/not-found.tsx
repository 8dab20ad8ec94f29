import { NothingHere } from '#components/shell/nothing-here.tsx'
import { Logo } from '#components/ui/logo.tsx'

export default function NotFound() {
  return (
    <main className="mx-auto flex min-h-dvh max-w-lg flex-col justify-center gap-4 p-6">
      <Logo />
      <h1 className="sr-only">Not found</h1>
      <NothingHere />
    </main>
  )
}
