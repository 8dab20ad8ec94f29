import { Decoration, EditorView } from '@uiw/react-codemirror'

const look = Decoration.line({ class: 'cm-faultLine' })
const theme = EditorView.theme({
  '.cm-faultLine': {
    backgroundColor: 'var(--color-err-soft)',
    boxShadow: 'inset 3px 0 0 var(--color-err)',
  },
})

/** Marks lines (from 1) of an editor, and scrolls to the first of them when it opens. */
export function faultLines(lines: readonly number[]) {
  return [
    theme,
    EditorView.decorations.of((view) => {
      const { doc } = view.state
      const known = [...new Set(lines)]
        .filter((line) => line >= 1 && line <= doc.lines)
        .toSorted((a, b) => a - b)
      return Decoration.set(known.map((line) => look.range(doc.line(line).from)))
    }),
  ]
}
