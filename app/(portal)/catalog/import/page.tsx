import { redirect } from 'next/navigation'

/** An address of its own for the import, e.g. from the search. */
export default function ImportPage() {
  redirect('/catalog?import')
}
