/** Documents that stand in prose, as YAML or JSON between fences. */

const opening = /^ {0,3}(`{3,}|~{3,})\s*(\S*)/
const languages = new Set(['yaml', 'yml', 'json'])

/**
 * The fenced documents of a text in one stream, every one in the line in which it stands. Examples that name no
 * kind are no documents, and are left out.
 */
export function fencedDocuments(text: string): string {
  const lines = text.split('\n')
  const kept = lines.map(() => '')
  let from: number | undefined
  let fence: { readonly mark: string; readonly language: string } | undefined
  for (const [index, line] of lines.entries()) {
    const [, mark = '', language = ''] = opening.exec(line) ?? []
    if (fence === undefined) {
      if (mark === '') continue
      fence = { mark, language: language.toLowerCase() }
      from = index + 1
    } else if (mark.startsWith(fence.mark) && language === '') {
      const inside = lines.slice(from, index)
      if (languages.has(fence.language) && inside.some((one) => /^\s*["']?kind["']?\s*:/.test(one))) {
        kept[(from ?? 1) - 1] = '---'
        for (const [place, one] of inside.entries()) kept[(from ?? 0) + place] = one
      }
      fence = undefined
    }
  }
  return kept.join('\n')
}
