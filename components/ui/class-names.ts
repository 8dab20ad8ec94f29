import { type ClassValue, clsx } from 'clsx'
import { extendTailwindMerge } from 'tailwind-merge'

// The scale of sizes is our own; unknown, `text-2xs` would be taken for a colour and dropped beside one.
const merge = extendTailwindMerge({ extend: { classGroups: { 'font-size': [{ text: ['2xs'] }] } } })

/** Joins class names; of two that contradict each other the later one holds. */
export function cn(...values: ClassValue[]): string {
  return merge(clsx(values))
}
