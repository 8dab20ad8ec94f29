import { z } from 'zod'
import { problems } from '#domain/problem.ts'
import manifest from '../package.json' with { type: 'json' }
import { endpoint, type Operation } from './endpoint.ts'
import { problemsOf } from './operation-problems.ts'

type Schema = Record<string, unknown>

/** A parameter of an operation, as the OpenAPI document has it. */
export interface Parameter {
  name: string
  in: 'path' | 'query' | 'header'
  required: boolean
  description: string
  schema: Schema
}

/** An operation of the REST interface as its document describes it. */
export interface DescribedOperation {
  operationId: string
  summary: string
  tags: string[]
  parameters: Parameter[]
  security: Record<string, string[]>[]
  requestBody?: { required: true; content: { 'application/json': { schema: Schema } } }
  responses: Record<string, unknown>
}

export interface OpenApiDocument {
  openapi: string
  info: { title: string; version: string; description: string }
  servers: { url: string }[]
  tags: { name: string }[]
  paths: Record<string, Record<string, DescribedOperation>>
  components: Record<string, unknown>
}

/** The operation that serves the document. It takes the list when it is asked, since it stands in it. */
export function openApiOperation(all: () => readonly Operation[]): Operation {
  let made: OpenApiDocument | undefined
  return endpoint({
    id: 'openapi.read',
    method: 'GET',
    path: '/openapi.json',
    tag: 'This interface',
    summary: 'Read this document',
    access: 'public',
    output: z.looseObject({ openapi: z.string() }),
    run: () => {
      made ??= openApiDocument(all())
      return Promise.resolve({ ...made })
    },
  })
}

/** Describes operations as OpenAPI 3.1, from the same schemas that check their input and output. */
export function openApiDocument(operations: readonly Operation[]): OpenApiDocument {
  const paths: OpenApiDocument['paths'] = {}
  for (const operation of operations) {
    const item = (paths[operation.path] ??= {})
    item[operation.method.toLowerCase()] = describe(operation)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Hexgate',
      version: manifest.version,
      description:
        'Everything that the portal does. Errors are problem documents (RFC 9457) whose `code` comes from a closed list. ' +
        'A write that names the version it changes (`If-Match`) is refused with 409 when somebody else was faster.',
    },
    servers: [{ url: '/api/v1' }],
    tags: [...new Set(operations.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: { schemas: { Problem: problemSchema }, securitySchemes },
  }
}

function describe(operation: Operation): DescribedOperation {
  const { id, summary, tag, body } = operation
  return {
    operationId: id,
    summary,
    tags: [tag],
    parameters: parametersOf(operation),
    security: securityOf(operation),
    ...(body
      ? {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: schemaOf(body, 'input') } },
          },
        }
      : {}),
    responses: responsesOf(operation),
  }
}

function parametersOf(operation: Operation): Parameter[] {
  const ifMatch: Parameter = {
    name: 'If-Match',
    in: 'header',
    required: true,
    description: 'The ETag that you read, e.g. "3".',
    schema: { type: 'string', pattern: '^"[0-9]{1,9}"$' },
  }
  return [
    ...membersOf(operation.params, 'path'),
    ...membersOf(operation.query, 'query'),
    ...(operation.needsIfMatch ? [ifMatch] : []),
  ]
}

function membersOf(shape: z.ZodType | undefined, place: 'path' | 'query'): Parameter[] {
  if (!shape) return []
  const { properties = {}, required = [] } = schemaOf(shape, 'input') as {
    properties?: Record<string, Schema>
    required?: string[]
  }
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    description: typeof description === 'string' ? description : '',
    schema,
  }))
}

function securityOf({ access }: Operation): Record<string, string[]>[] {
  return access === 'public' || access === 'gateway-key' ? [] : [{ session: [] }, { bearer: [] }]
}

function responsesOf(operation: Operation): Record<string, unknown> {
  const { status } = operation
  const etag = { ETag: { description: 'The version, for If-Match.', schema: { type: 'string' } } }
  const answer =
    status === 204
      ? { description: 'Done' }
      : {
          description: 'Done',
          ...(operation.hasETag ? { headers: etag } : {}),
          content: contentOf(operation),
        }
  return { [status]: answer, ...problemResponses(operation) }
}

// OpenAPI 3.1: what is no JSON needs no schema.
function contentOf({ mediaTypes, output }: Operation): Record<string, unknown> {
  const json = { schema: schemaOf(output, 'output') }
  return Object.fromEntries(mediaTypes.map((type) => [type, type === 'application/json' ? json : {}]))
}

function problemResponses(operation: Operation): Record<string, unknown> {
  const byStatus = Map.groupBy(problemsOf(operation), (code) => problems[code].status)
  const entries = [...byStatus].map(([status, codes]) => {
    const narrowed = { properties: { code: { type: 'string', enum: codes } } }
    return [
      String(status),
      {
        description: codes.map((code) => `${code}: ${problems[code].title}`).join('. '),
        content: {
          'application/problem+json': {
            schema: { allOf: [{ $ref: '#/components/schemas/Problem' }, narrowed] },
          },
        },
      },
    ]
  })
  return Object.fromEntries(entries)
}

// A schema is nested in the document, where references to its own root would lead elsewhere.
function schemaOf(type: z.ZodType, io: 'input' | 'output'): Schema {
  const schema = z.toJSONSchema(type, { io, unrepresentable: 'any', reused: 'inline' })
  const { $schema: _, ...rest } = schema
  return withoutPatternsOfFormats(rest)
}

// zod adds a pattern to each format; the format says it better to a reader, and other tools know it.
function withoutPatternsOfFormats(schema: Schema): Schema {
  const text = JSON.stringify(schema, (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    if (!('format' in value && 'pattern' in value) || typeof value.format !== 'string') return value
    const { pattern: _, ...rest } = value
    return rest
  })
  return JSON.parse(text) as Schema
}

const problemSchema: Schema = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail', 'requestId'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', enum: Object.keys(problems) },
    detail: { type: 'string' },
    requestId: { type: 'string', format: 'uuid' },
    faults: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'detail'],
        properties: {
          pointer: { type: 'string', description: 'JSON pointer (RFC 6901)' },
          detail: { type: 'string' },
          line: { type: 'integer' },
          column: { type: 'integer' },
        },
      },
    },
  },
}

const securitySchemes = {
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: 'hexgate.session',
    description: 'What a browser has after signing in.',
  },
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'An access token from client credentials, with the scope api.read or api.write.',
  },
}

/** The document operation by operation, for a page that people read. */
export function readableOperations(operations: readonly Operation[]) {
  const { paths } = openApiDocument(operations)
  return operations.map(({ id, method, path, tag, summary, access, output, status, mediaTypes }) => {
    const described = paths[path]?.[method.toLowerCase()]
    const body = described?.requestBody?.content['application/json'].schema
    return {
      method,
      path,
      operationId: id,
      summary,
      tags: [tag],
      deprecated: false,
      security: access === 'public' || access === 'gateway-key' ? [] : [[access]],
      parameters: (described?.parameters ?? []).map(({ schema, ...parameter }) => ({
        ...parameter,
        type: typeof schema['type'] === 'string' ? schema['type'] : 'text',
      })),
      body: body ? JSON.stringify(body, null, 2) : null,
      answer:
        status === 204
          ? null
          : mediaTypes.includes('application/json')
            ? JSON.stringify(schemaOf(output, 'output'), null, 2)
            : mediaTypes.join('\n'),
    }
  })
}
