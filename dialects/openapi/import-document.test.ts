import { describe, expect, it } from 'vitest'
import { importDocument } from './import-document.ts'

const noConverter = () => Promise.reject(new Error('no converter here'))

async function read(text: string) {
  return importDocument(text, noConverter)
}

async function faultsOf(text: string) {
  const imported = await read(text)
  return 'faults' in imported ? imported.faults : []
}

const yaml = `openapi: 3.0.3
info:
  title: Orders
  version: "1.2"
  description: Takes orders.
servers:
  - url: https://{region}.example.com/v1
    variables:
      region: {default: eu}
security:
  - key: []
paths:
  /orders/{id}:
    get:
      operationId: readOrder
      summary: One order
      tags: [orders]
      deprecated: true
      responses: {"200": {description: ok}}
    put:
      security: []
      responses: {"200": {description: ok}}
components:
  securitySchemes:
    key: {type: apiKey, in: header, name: x-api-key}
`

describe('a document', () => {
  it('is read whole from YAML', async () => {
    const imported = await read(yaml)
    expect(imported).toMatchObject({
      document: {
        title: 'Orders',
        label: '1.2',
        description: 'Takes orders.',
        sourceFormat: 'openapi-3.0',
        servers: ['https://eu.example.com/v1'],
        notes: [],
        operations: [
          {
            method: 'GET',
            path: '/orders/{id}',
            operationId: 'readOrder',
            summary: 'One order',
            tags: ['orders'],
            deprecated: true,
            security: [['key']],
          },
          { method: 'PUT', operationId: null, security: [] },
        ],
      },
    })
  })

  it('is the same from JSON, with a byte order mark or without', async () => {
    const fromYaml = await read(yaml)
    if (!('document' in fromYaml)) throw new Error('unreachable')
    const json = JSON.stringify(fromYaml.document.definition)
    expect(await read(json)).toEqual(fromYaml)
    expect(await read(`\uFEFF${json}`)).toEqual(fromYaml)
    expect(await read(`\uFEFF${yaml}`)).toEqual(fromYaml)
  })

  it('may be OpenAPI 3.1 with webhooks alone, which is noted', async () => {
    const imported = await read('openapi: 3.1.0\ninfo: {title: Hooks, version: "1"}\nwebhooks: {}\n')
    expect(imported).toMatchObject({
      document: { sourceFormat: 'openapi-3.1', operations: [], notes: ['It describes no operation.'] },
    })
  })

  it('may lack the words of its title and version, which is noted', async () => {
    const imported = await read('openapi: 3.0.3\ninfo: {title: " ", version: ""}\npaths: {}\n')
    expect(imported).toMatchObject({
      document: {
        title: '',
        label: 'unversioned',
        notes: ['It has no title.', expect.stringMatching(/version/), expect.stringMatching(/no operation/)],
      },
    })
  })

  it('may use YAML merge keys and aliases', async () => {
    const text = `${head}
x-shared: &answers
  "200": {description: ok}
paths:
  /a:
    get: {responses: {<<: *answers, "404": {description: none}}}
  /b:
    get: {responses: *answers}
`
    const imported = await read(text)
    if (!('document' in imported)) throw new Error(JSON.stringify(imported))
    expect(imported.document.definition['paths']).toEqual({
      '/a': { get: { responses: { 200: { description: 'ok' }, 404: { description: 'none' } } } },
      '/b': { get: { responses: { 200: { description: 'ok' } } } },
    })
  })

  it('may refer to itself in a circle', async () => {
    const imported = await read(`${head}
paths: {}
components:
  schemas:
    Node: {type: object, properties: {next: {$ref: "#/components/schemas/Node"}}}
`)
    expect(imported).toHaveProperty('document')
  })

  it('may call a property constructor, $ref, example or default', async () => {
    const imported = await read(`${head}
paths: {}
components:
  schemas:
    A:
      type: object
      properties:
        constructor: {type: string}
        $ref: {type: string}
        example: {$ref: "#/components/schemas/B"}
        default: {type: string, example: {$ref: "https://example.com/not-a-reference"}}
    B: {type: string}
`)
    expect(imported).toHaveProperty('document')
  })

  it('follows a path item that is a reference', async () => {
    const imported = await read(`openapi: 3.1.0
info: {title: T, version: "1"}
paths:
  /a: {$ref: "#/components/pathItems/shared"}
components:
  pathItems:
    shared: {get: {responses: {"200": {description: ok}}}}
`)
    expect(imported).toMatchObject({ document: { operations: [{ method: 'GET', path: '/a' }] } })
  })

  it('has its Swagger 2.0 converted by whoever can', async () => {
    const swagger = 'swagger: 2.0\ninfo: {title: T, version: "1"}\npaths: {}\n'
    const converted = { openapi: '3.0.0', info: { title: 'T', version: '1' }, paths: {} }
    const imported = await importDocument(swagger, (given) => {
      expect(given['swagger']).toBe('2.0')
      return Promise.resolve({ definition: converted, notes: ['converted'] })
    })
    expect(imported).toMatchObject({
      document: { sourceFormat: 'swagger-2.0', notes: ['converted', 'It describes no operation.'] },
    })
    expect(await faultsOf(swagger)).toMatchObject([{ detail: expect.stringContaining('no converter here') }])
  })
})

const head = 'openapi: 3.0.3\ninfo: {title: T, version: "1"}'
const emptyPaths = `${head}\npaths: {}\n`
const deep = 10_000

/** What is given, and where it must be refused, and in which words. */
const refused: [name: string, text: string, at: { pointer: string; line: number }, words: RegExp][] = [
  ['nothing', '', { pointer: '', line: 1 }, /empty/],
  ['blanks', ' \n\t\n ', { pointer: '', line: 1 }, /empty/],
  ['only a comment', '# nothing\n', { pointer: '', line: 1 }, /nothing in it/],
  ['HTML', '<!doctype html><title>x</title>', { pointer: '', line: 1 }, /HTML/],
  ['a ZIP archive', 'PK\u0003\u0004abc', { pointer: '', line: 1 }, /ZIP/],
  ['binary', 'abc\0def', { pointer: '', line: 1 }, /binary/],
  ['RAML', '#%RAML 1.0\ntitle: x', { pointer: '', line: 1 }, /RAML/],
  ['plain text', 'hello there', { pointer: '', line: 1 }, /plain text/],
  ['a number', '42', { pointer: '', line: 1 }, /a number/],
  ['a list', '[1, 2]', { pointer: '', line: 1 }, /a list/],
  ['two documents', `${emptyPaths}---\na: 1\n`, { pointer: '', line: 1 }, /2 YAML documents/],
  ['AsyncAPI', 'asyncapi: 2.0.0', { pointer: '/asyncapi', line: 1 }, /AsyncAPI/],
  ['no version', 'info: {}\npaths: {}', { pointer: '', line: 1 }, /OpenAPI 3.0, OpenAPI 3.1 and Swagger 2.0/],
  ['Swagger 1.2', '{"swaggerVersion": "1.2"}', { pointer: '/swaggerVersion', line: 1 }, /Swagger 1.2 is not/],
  ['Swagger 3', 'swagger: "3.0"', { pointer: '/swagger', line: 1 }, /Swagger 3.0 is not/],
  ['OpenAPI 3.2', 'info: {}\nopenapi: 3.2.0', { pointer: '/openapi', line: 2 }, /OpenAPI 3.2.0 is not/],
  ['OpenAPI 4', 'openapi: "4.0.0"', { pointer: '/openapi', line: 1 }, /4.0.0 is not/],
  ['an unquoted version', 'openapi: 3.1', { pointer: '/openapi', line: 1 }, /quotes/],
  ['no info', 'openapi: 3.0.3\npaths: {}', { pointer: '', line: 1 }, /“info” is missing/],
  ['no title', 'openapi: 3.0.3\ninfo:\n  version: "1"\npaths: {}', { pointer: '/info', line: 2 }, /“title”/],
  [
    'a title of 5,000',
    emptyPaths.replace('title: T', `title: ${'T'.repeat(5_000)}`),
    { pointer: '/info/title', line: 2 },
    /5000 characters/,
  ],
  ['no paths', head, { pointer: '', line: 1 }, /“paths” is missing/],
  ['a relative path', `${head}\npaths:\n  orders: {}\n`, { pointer: '/paths/orders', line: 4 }, /slash/],
  [
    'the same path twice in YAML',
    `${head}\npaths:\n  /a: {}\n  /a: {}\n`,
    { pointer: '/paths/~1a', line: 5 },
    /twice/,
  ],
  [
    'the same path twice in JSON',
    '{\n"openapi": "3.0.3",\n"paths": {\n"/a": {},\n"/a": {}\n}}',
    { pointer: '/paths/~1a', line: 5 },
    /twice/,
  ],
  [
    'paths that match the same',
    `${head}\npaths:\n  /x/{a}: {}\n  /x/{b}: {}\n`,
    { pointer: '/paths/~1x~1{b}', line: 5 },
    /\/x\/\{a\}/,
  ],
  [
    'a remote reference',
    `${head}\npaths:\n  /a:\n    $ref: https://example.com/a.yaml\n`,
    { pointer: '/paths/~1a/$ref', line: 5 },
    /outside this document/,
  ],
  [
    'a file reference',
    `${head}\npaths:\n  /a:\n    $ref: "file:///etc/passwd"\n`,
    { pointer: '/paths/~1a/$ref', line: 5 },
    /outside this document/,
  ],
  [
    'a relative reference',
    `${head}\npaths:\n  /a: {$ref: ./a.yaml}\n`,
    { pointer: '/paths/~1a/$ref', line: 4 },
    /outside this document/,
  ],
  [
    'a dangling reference',
    `${head}\npaths:\n  /a: {$ref: "#/components/x"}\n`,
    { pointer: '/paths/~1a/$ref', line: 4 },
    /refers to nothing/,
  ],
  [
    'a reference to a prototype',
    `${head}\npaths:\n  /a: {$ref: "#/constructor"}\n`,
    { pointer: '/paths/~1a/$ref', line: 4 },
    /refers to nothing/,
  ],
  [
    'a broken escape in a reference',
    `${head}\npaths:\n  /a: {$ref: "#/%zz"}\n`,
    { pointer: '/paths/~1a/$ref', line: 4 },
    /not a valid reference/,
  ],
  [
    'path items in a circle',
    `${head}\npaths:\n  /a: {$ref: "#/paths/~1b"}\n  /b: {$ref: "#/paths/~1a"}\n`,
    { pointer: '/paths/~1a', line: 4 },
    /circle/,
  ],
  [
    '__proto__ in YAML',
    `${emptyPaths}x-a:\n  __proto__: {polluted: true}\n`,
    { pointer: '/x-a/__proto__', line: 5 },
    /__proto__/,
  ],
  [
    '__proto__ in JSON',
    '{"openapi": "3.0.3",\n"__proto__": {"polluted": true}}',
    { pointer: '/__proto__', line: 2 },
    /__proto__/,
  ],
  ['a NUL escape', '{"openapi": "3.0.3",\n"x": "a\\u0000b"}', { pointer: '/x', line: 2 }, /NUL/],
  ['half a surrogate pair', '{"openapi": "3.0.3",\n"x": "\\ud800"}', { pointer: '/x', line: 2 }, /surrogate/],
  ['a number without end', '{"openapi": "3.0.3",\n"x": 1e999}', { pointer: '/x', line: 2 }, /range/],
  [
    'broken JSON',
    '{\n"openapi": "3.0.3",\n"info": {"a" 1}\n}',
    { pointer: '/info', line: 3 },
    /Not valid JSON/,
  ],
  ['JSON that ends early', '{"openapi": "3.0.3", "info": {', { pointer: '/info', line: 1 }, /Not valid JSON/],
  ['broken YAML', 'openapi: 3.0.3\ninfo: {title: [}\n', { pointer: '', line: 2 }, /Not valid YAML/],
  ['tabs in YAML', 'openapi: 3.0.3\ninfo:\n\ttitle: T\n', { pointer: '', line: 3 }, /Not valid YAML/],
  ['a foreign YAML tag', 'openapi: !!js/function "x"\n', { pointer: '/openapi', line: 1 }, /tag/],
  ['an alias to nothing', `${head}\npaths: *nowhere\n`, { pointer: '/paths', line: 3 }, /nowhere/],
  [
    'an alias inside itself',
    `${head}\npaths: {}\nx-a: &a [*a]\n`,
    { pointer: '/x-a/0', line: 4 },
    /contain itself/,
  ],
  [
    'a wrong type deep inside',
    `${head}\npaths:\n  /a:\n    get:\n      responses:\n        "200": {description: 5}\n`,
    { pointer: '/paths/~1a/get/responses/200/description', line: 7 },
    /type string/,
  ],
  [
    'a misspelt member',
    `${head}\npaths:\n  /a:\n    gett: {}\n`,
    { pointer: '/paths/~1a/gett', line: 5 },
    /“gett” does not belong/,
  ],
  [
    'deep JSON',
    `${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}`,
    { pointer: '/a'.repeat(20), line: 1 },
    /200 levels/,
  ],
  ['deep YAML', `a: ${'['.repeat(deep)}${']'.repeat(deep)}`, { pointer: '', line: 1 }, /200 levels/],
  ['a billion laughs', laughs(10, 10), { pointer: '/a7', line: 8 }, /without bound/],
  ['a storm of merges', mergeStorm(1_000, 1_000), { pointer: '/x/99', line: 1102 }, /merge/],
  ['a million anchors', manyAnchors(1_000_000), { pointer: '', line: 1 }, /OpenAPI/],
  ['a million aliases', manyAliases(1_000_000), { pointer: '/b', line: 2 }, /alias/],
  [
    'a long text, aliased often',
    `a: &a "${'x'.repeat(1_000_000)}"\nb: [${'*a,'.repeat(1_000)}]`,
    { pointer: '/b', line: 2 },
    /without bound/,
  ],
  ['50 MB', `a: "${'x'.repeat(50_000_000)}"`, { pointer: '', line: 1 }, /25,000,000 are taken at most/],
]

describe('a document is refused with its reason and its place', () => {
  // What grows faster than the text would take minutes here.
  it.each(refused)('%s', { timeout: 20_000 }, async (_name, text, at, words) => {
    const [fault] = await faultsOf(text)
    expect(fault?.detail).toMatch(words)
    expect(fault?.pointer.startsWith(at.pointer)).toBe(true)
    if (at.pointer !== '') expect(fault?.pointer).toContain(at.pointer)
    expect({ line: fault?.line }).toEqual({ line: at.line })
  })
})

/** Each list holds the one before it ten times over. */
function laughs(levels: number, width: number): string {
  const lines = ['a0: &a0 lol']
  for (let level = 1; level < levels; level++) {
    lines.push(`a${level}: &a${level} [${Array.from({ length: width }, () => `*a${level - 1}`).join(', ')}]`)
  }
  return lines.join('\n')
}

function mergeStorm(keys: number, merges: number): string {
  const base = Array.from({ length: keys }, (_, index) => `  k${index}: 1`).join('\n')
  const rest = Array.from({ length: merges }, () => '  - {<<: *base, z: 1}').join('\n')
  return `base: &base\n${base}\nx:\n${rest}\n`
}

function manyAnchors(count: number): string {
  return `a: [${Array.from({ length: count }, (_, index) => `&a${index} 1`).join(',')}]`
}

function manyAliases(count: number): string {
  return `a: &a 1\nb: [${'*a,'.repeat(count)}]`
}
