import { compileGoTemplate } from './format/go-template.ts'
import { formatTable } from './format/table.ts'
import { escapeForTerminal, terminalJson } from './render/escape.ts'

/** How rows are printed. */
export interface FormatOptions {
  /** Whether they are printed to a terminal, which foreign text must not steer. */
  readonly isTerminal: boolean
}

/**
 * Rows as JSON lines (`json`), through a Go template, or through one in columns under a header (`table TEMPLATE`, with
 * `\t` between columns), as `--format` asks.
 *
 * @throws UsageError `ERR_USAGE` for a template that cannot be read
 */
export function formatRows(format: string, rows: readonly unknown[], options: FormatOptions): string[] {
  if (format === 'json') return rows.map((row) => terminalJson(row))
  const inTable = format.startsWith('table ')
  const template = compileGoTemplate(inTable ? format.slice('table '.length) : format)
  const text = options.isTerminal ? (each: string): string => escapeForTerminal(each) : undefined
  const lines = rows.map((row) => template.render(row, text))
  if (!inTable) return lines
  const header = template.fields.map(titleOf)
  const cells = lines.map((line) => line.split('\t'))
  return [formatTable(header, cells)]
}

/** Docker's title of a column: `CreatedSince` is `CREATED SINCE`, `ID` stays. */
function titleOf(field: string): string {
  return field.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toUpperCase()
}
