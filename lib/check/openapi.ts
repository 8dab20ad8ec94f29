import { placedIn } from '#dialects/openapi/import-document.ts'
import { securityRemarks } from '#dialects/openapi/security.ts'
import type { OpenApiDocument } from './documents.ts'
import type { CheckFinding } from './report.ts'

/** What is to be said of transport and credentials in an OpenAPI document, at its lines. */
export function openApiFindings({ file, text, document }: OpenApiDocument): CheckFinding[] {
  const remarks = securityRemarks(document.definition)
  // What was converted has other places than what was written: then it is said of the whole.
  const isAsWritten = document.sourceFormat !== 'swagger-2.0'
  const places = placedIn(
    text,
    remarks.map(({ pointer, sentence }) => ({ pointer: isAsWritten ? pointer : '', detail: sentence })),
  )
  return remarks.map(({ code, severity, sentence, fix }, index) => {
    const { line = 1, column = 1 } = places[index] ?? {}
    return { code, severity, file, line, column, sentence, fix }
  })
}
