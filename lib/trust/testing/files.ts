import { readFile } from 'node:fs/promises'
import path from 'node:path'

/** One of the files beside this one, as text. */
export function fileText(name: string): Promise<string> {
  return readFile(path.join(import.meta.dirname, 'files', name), 'utf8')
}

/** The same as it comes by REST. */
export function fileBase64(name: string): Promise<string> {
  return readFile(path.join(import.meta.dirname, 'files', name), 'base64')
}
