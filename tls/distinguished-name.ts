/** Distinguished names as text (RFC 4514), as far as it does not matter who has read them. */

// RFC 4514 §3, and two more that certificates have often.
const attributes: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'STREET',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
}

/** An attribute by its object identifier: with its text, or with its DER where it has none or is not known. */
export function attributeText(type: string, text: string | undefined, der: () => Uint8Array): string {
  const known = attributes[type]
  return known === undefined || text === undefined
    ? `${type}=#${Buffer.from(der()).toString('hex')}`
    : `${known}=${escaped(text)}`
}

// RFC 4514 §2.4; control characters are written as their bytes.
function escaped(text: string): string {
  return text
    .replace(/["+,;<>\\]/g, '\\$&')
    .replace(/^[# ]/, '\\$&')
    .replace(/(?<!\\) $/, '\\ ')
    .replace(/\p{Cc}/gu, (control) => Buffer.from(control).toString('hex').replace(/../g, '\\$&'))
}
