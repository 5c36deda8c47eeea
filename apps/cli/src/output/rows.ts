import { escapeJson, escapeText } from '@drayage/bytes'

import { compileGoTemplate } from './go-template.ts'

/** Where rows are printed. */
export interface RowOutput {
  print(line: string): Promise<void>
}

/** A column of a table: its title and the field of the rows. */
export type Column = readonly [title: string, field: string]

/** Prints rows as they come; a table, whose columns are as wide as their widest cell, at the end. */
export interface RowPrinter {
  row(row: Readonly<Record<string, unknown>>): Promise<void>
  end(): Promise<void>
}

/**
 * Creates what prints rows the way `--format` asks: `json` prints each as a line of JSON, `table` the given columns under
 * their titles, `table TEMPLATE` a template in columns that `\t` separates, and anything else is a Go template for each row.
 * Foreign text is escaped wherever it goes: what a pipe leads to may be a terminal, or read line by line.
 *
 * @throws UsageError `ERR_USAGE` for a template that cannot be read
 */
export function createRowPrinter(output: RowOutput, format: string, columns: readonly Column[]): RowPrinter {
  if (format === 'json') return { row: (row) => output.print(escapeJson(row)), end: async () => {} }
  if (format === 'table') {
    const cellsOf = (row: Readonly<Record<string, unknown>>): string[] =>
      columns.map(([, field]) => safe(String(row[field])))
    return tablePrinter(
      output,
      columns.map(([title]) => title),
      cellsOf,
    )
  }
  const inTable = format.startsWith('table ')
  const template = compileGoTemplate(inTable ? format.slice('table '.length) : format)
  if (!inTable) return { row: (row) => output.print(template.render(row, safe)), end: async () => {} }
  return tablePrinter(output, template.fields.map(titleOf), (row) => template.render(row, safe).split('\t'))
}

function tablePrinter(
  output: RowOutput,
  titles: readonly string[],
  cellsOf: (row: Readonly<Record<string, unknown>>) => readonly string[],
): RowPrinter {
  const cells: (readonly string[])[] = []
  return {
    row: async (row) => void cells.push(cellsOf(row)),
    end: () => output.print(formatTable(titles, cells)),
  }
}

/** All of a foreign text, as a part of one line. */
function safe(text: string): string {
  return escapeText(text, Number.POSITIVE_INFINITY)
}

/** Docker's title of a column: `CreatedSince` is `CREATED SINCE`, `ID` stays. */
function titleOf(field: string): string {
  return field.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toUpperCase()
}

/** Rows under their titles, in columns three blanks apart, as docker prints them. */
export function formatTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [titles, ...rows]
  const widths: number[] = []
  for (const cells of lines) {
    for (const [column, cell] of cells.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length)
  }
  return lines
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('   ')
        .trimEnd(),
    )
    .join('\n')
}

/** Prints a JSON document, indented and safe for a terminal, or `raw`: byte for byte. */
export async function printDocument(
  output: RowOutput & { write(bytes: Uint8Array): Promise<void> },
  bytes: Uint8Array,
  raw: boolean,
): Promise<void> {
  if (raw) await output.write(bytes)
  else await output.print(escapeJson(JSON.parse(new TextDecoder().decode(bytes)), 2))
}
