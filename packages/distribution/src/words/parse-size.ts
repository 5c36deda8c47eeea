const UNITS: ReadonlyMap<string, number> = new Map(
  ['', 'k', 'm', 'g', 't'].flatMap((unit, power): [string, number][] => [
    [unit, 1000 ** power],
    [`${unit}b`, 1000 ** power],
    [`${unit}ib`, 1024 ** power],
  ]),
)

/** The bytes that a text such as `20GB`, `512MiB` or `1.5g` stands for, in any case; `undefined` for any other text. */
export function parseSize(text: string): number | undefined {
  const [, number = '', unit = ''] = /^(\d{1,15}(?:\.\d{1,9})?) ?([a-z]{0,3})$/i.exec(text) ?? []
  const factor = number === '' ? undefined : UNITS.get(unit.toLowerCase())
  return factor === undefined ? undefined : Math.floor(Number(number) * factor)
}
