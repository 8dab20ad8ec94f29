import { codeInWords } from '#domain/gateway-codes.ts'
import { Mono } from '../../ui/code-line.tsx'

/** Why, in words where they are known, with the code that logs and metrics have for it. */
export function CodeWords({ code }: { code: string }) {
  const words = codeInWords(code)
  if (words === undefined) return <Mono className="break-all">{code}</Mono>
  return (
    <>
      {words} <Mono className="break-words text-ink-3">{code}</Mono>
    </>
  )
}
