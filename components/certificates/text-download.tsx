'use client'
import { Button, type ButtonProps } from '../ui/button.tsx'

interface Props extends Omit<ButtonProps, 'onClick'> {
  text: string
  file: string
}

/** Saves a text as a file; it is in the page already, so nothing is asked of the server. */
export function TextDownload({ text, file, ...props }: Props) {
  return <Button {...props} onClick={() => save(text, file)} />
}

function save(text: string, file: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/x-pem-file' }))
  const link = document.createElement('a')
  link.href = url
  link.download = file
  link.click()
  URL.revokeObjectURL(url)
}
