import { describe, expect, it } from 'vitest'
import { noFilter } from '#diagram/filter.ts'
import { now } from '#domain/testing/certificates.ts'
import { madeUp } from '#domain/testing/made-up.ts'
import { draw, type Format, type ToDraw } from './draw.ts'
import { fileNameOf } from './file-name.ts'

const topology = madeUp(3, { parties: 10, flows: 12 })
const options: ToDraw['options'] = {
  organisation: 'Acme <Ltd> مرحبا',
  theme: 'light',
  ...noFilter,
  selection: null,
  moment: null,
  at: now,
  differences: null,
}
const every: readonly Format[] = ['svg', 'png', 'pdf']
const latin = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')

describe('a drawn topology', () => {
  it('is the same bytes each time, in every format', async () => {
    const first = await draw({ topology, options, formats: every })
    const again = await draw({ topology: structuredClone(topology), options, formats: every })
    for (const format of every) expect(Buffer.from(again[format]).equals(first[format]), format).toBe(true)
    const dark = await draw({ topology, options: { ...options, theme: 'dark' }, formats: ['svg'] })
    expect(Buffer.from(dark.svg).equals(first.svg)).toBe(false)
  })

  it('as PDF is one page of vectors with its font inside, a title, a language and tags', async () => {
    const { pdf } = await draw({ topology, options, formats: ['pdf'] })
    const text = latin(pdf)
    expect(text).toMatch(/^%PDF-1\.7\n/)
    expect(text.trimEnd()).toMatch(/%%EOF$/)
    expect(text.match(/\/Type \/Page\b/g)).toHaveLength(1)
    expect(text).toContain('/FontFile2')
    expect(text).not.toMatch(/\/Subtype \/Image/)
    expect(text).toContain('/StructTreeRoot')
    expect(text).toContain('/Marked true')
    expect(text).toContain('/DisplayDocTitle true')
    expect(text).toMatch(/\/Lang \(en\)/)
    const moment = `(D:${now.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z)`
    expect(new Set(text.match(/\(D:[^)]*\)/g))).toEqual(new Set([moment]))
  })

  it('as PNG has two pixels for each of the drawing, and words on a machine without fonts', async () => {
    const { png, svg } = await draw({ topology, options, formats: ['png', 'svg'] })
    expect(latin(png.slice(1, 4))).toBe('PNG')
    const size = /width="(\d+)" height="(\d+)"/.exec(new TextDecoder().decode(svg))
    const header = Buffer.from(png)
    expect([header.readUInt32BE(16), header.readUInt32BE(20)]).toEqual([
      Number(size?.[1]) * 2,
      Number(size?.[2]) * 2,
    ])
    const nameless = await draw({ topology, options: { ...options, organisation: 'W' }, formats: ['png'] })
    expect(Buffer.from(nameless.png).equals(png)).toBe(false)
  })

  it('has letters for Greek, Hebrew, Arabic, Devanagari and Thai, the same bytes each time', async () => {
    const named = (name: string) =>
      draw({ topology, options: { ...options, organisation: name }, formats: ['pdf', 'png'] })
    const fontsIn = ({ pdf }: { pdf: Uint8Array }) =>
      new Set([...latin(pdf).matchAll(/\/FontName \/\w+\+([\w-]+)/g)].map(([, name]) => name))
    const every = 'Ελλάς בנק ישראל مرحبا بالعالم भारतीय रेल ประเทศไทย'
    const [drawn, again, plain] = [await named(every), await named(every), await named('漢字')]
    expect(Buffer.from(again.pdf).equals(drawn.pdf)).toBe(true)
    expect(Buffer.from(again.png).equals(drawn.png)).toBe(true)
    const usual = fontsIn(plain)
    const fonts = [...fontsIn(drawn)].filter((name) => !usual.has(name))
    expect(new Set(fonts)).toEqual(
      new Set([
        'NotoSans-Regular',
        'NotoSansArabic-Regular',
        'NotoSansHebrew-Regular',
        'NotoSansThai-Regular',
      ]),
    )
  })

  it('of 500 parties and 1,500 flows comes as PDF, and is refused where it takes too long', async () => {
    const large = { topology: madeUp(1, { parties: 500, flows: 1500, gateways: 2 }), options }
    const { pdf } = await draw({ ...large, formats: ['pdf'] })
    expect(pdf.length).toBeGreaterThan(50_000)
    const hurried = draw({ ...large, formats: every }, { deadlineMs: 5, heapMegabytesMax: 512 })
    await expect(hurried).rejects.toMatchObject({ code: 'picture.too-large', status: 422 })
  })
})

describe('the name of a file', () => {
  it('says what, whose and of which day, in letters that every system takes', () => {
    const at = new Date('2026-11-30T23:59:59Z')
    expect(fileNameOf('topology', 'Acme Ltd.', at, 'svg')).toBe('topology-acme-ltd-2026-11-30.svg')
    expect(fileNameOf('topology', '"../\r\nset-cookie: a=b', at, 'svg')).toBe(
      'topology-set-cookie-a-b-2026-11-30.svg',
    )
    expect(fileNameOf('topology', 'مرحبا', at, 'pdf')).toBe('topology-2026-11-30.pdf')
  })
})
