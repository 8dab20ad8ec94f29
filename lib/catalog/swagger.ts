import swagger2openapi from 'swagger2openapi'
import type { JsonObject } from '#dialects/openapi/json.ts'

// swagger2openapi ships no types; this is what is used of it.
interface Converter {
  convertObj(
    swagger: JsonObject,
    options: { patch: boolean; text: string; resolve: boolean },
  ): Promise<{ openapi: JsonObject; patches: number }>
}

/** Converts Swagger 2.0 to OpenAPI 3.0, and says so. */
export async function convertSwagger(
  swagger: JsonObject,
): Promise<{ definition: JsonObject; notes: string[] }> {
  const converter: Converter = swagger2openapi
  // It would print the whole document as YAML only to keep a text that nothing reads.
  const converted = await converter.convertObj(swagger, { patch: true, text: ' ', resolve: false })
  const notes = ['Converted from Swagger 2.0 to OpenAPI 3.0 by swagger2openapi.']
  if (converted.patches > 0) notes.push(`${converted.patches} small mistakes were mended by the conversion.`)
  return { definition: converted.openapi, notes }
}
