'use client'
import { type RefObject, useEffect, useRef } from 'react'

/** Carries out what the address asks for, once, and takes it out of the address, so that a reload does not repeat it. */
export function useQuickAdd(add: string | null, carryOut: (kind: string) => void): void {
  const done = useRef(false)
  useEffect(() => {
    if (add === null || done.current) return
    done.current = true
    const url = new URL(location.href)
    url.searchParams.delete('add')
    history.replaceState(history.state, '', url)
    carryOut(add)
  }, [add, carryOut])
}

/** Puts the cursor into the first field of the form when another step was added. */
export function useFocusOn(form: RefObject<HTMLElement | null>, addedId: string | null): void {
  useEffect(() => {
    if (addedId === null) return
    const field = form.current?.querySelector('[role=tabpanel] :is(input, textarea, [role=combobox])')
    if (field instanceof HTMLElement) field.focus()
    if (field instanceof HTMLInputElement) field.select()
  }, [form, addedId])
}
