import { compileGoTemplate } from './format/go-template.ts'

/** Rows as JSON lines (`json`) or through a Go template, as `--format` asks. */
export function formatRows(format: string, rows: readonly unknown[]): string[] {
  if (format === 'json') return rows.map((row) => JSON.stringify(row))
  const render = compileGoTemplate(format.startsWith('table ') ? format.slice('table '.length) : format)
  return rows.map(render)
}
