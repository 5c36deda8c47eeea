const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

/** Bytes as docker shows them: decimal units, at most `digits` significant digits (3 by default), such as `7.34MB`. */
export function formatSize(bytes: number, digits = 3): string {
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000
    unit++
  }
  return `${trimmed(value, digits)}${UNITS[unit]}`
}

/** Like C's `%.Ng`, without an exponent for the values that occur here. */
function trimmed(value: number, digits: number): string {
  return String(Number(value.toPrecision(digits)))
}
