import type { FieldFault } from './field-faults.ts'
import type { FormField } from './form-schema.ts'

/** What every part of a form is told: where it stands, what it holds and how to change it. */
export interface FormPart {
  /** From the configuration's root. */
  pointer: string
  value: unknown
  onChange: (value: unknown) => void
  faults: readonly FieldFault[]
  readOnly: boolean
}

/** The part of a form that edits one field of the given type. */
export interface FieldPart<T extends FormField['type'] = FormField['type']> extends FormPart {
  /** The member's name in the configuration. */
  name: string
  field: FormField & { type: T }
}
