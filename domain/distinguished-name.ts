/**
 * Distinguished names in one form, so that blanks round separators and the case of attribute types make no
 * difference. Their order does: RFC 4514 writes the most specific attribute first.
 */
export function canonicalName(text: string): string {
  return splitUnescaped(text, ',')
    .map((relative) => splitUnescaped(relative, '+').map(canonicalAttribute).join('+'))
    .join(',')
}

/** Whether a text is a distinguished name at all. */
export function isDistinguishedName(text: string): boolean {
  return splitUnescaped(text, ',').every((relative) =>
    splitUnescaped(relative, '+').every((attribute) =>
      /^\s*(?:[A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+)\s*=/.test(attribute),
    ),
  )
}

function canonicalAttribute(text: string): string {
  const equals = text.indexOf('=')
  const value = text.slice(equals + 1).replace(/^ +/, '')
  return `${text.slice(0, equals).trim().toLowerCase()}=${value.replace(/(?<!\\) +$/, '')}`
}

function splitUnescaped(text: string, separator: string): string[] {
  const parts: string[] = []
  let part = ''
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i)
    if (character === '\\') part += character + text.charAt(++i)
    else if (character === separator) {
      parts.push(part)
      part = ''
    } else part += character
  }
  return [...parts, part]
}
