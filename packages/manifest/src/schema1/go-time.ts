/** The time that Go writes for one that is not known. */
export const ZERO_TIME = '0001-01-01T00:00:00Z'

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d{1,2}):(\d\d):(\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)$/

/** A date and time as Go writes it when it has read it; `undefined` for text that Go refuses. */
export function goTime(text: string): string | undefined {
  const [, year = '', month = '', day = '', hour = '', minute = '', second = '', fraction = '', zone = ''] =
    RFC3339.exec(text) ?? []
  if (year === '' || !isDate(Number(year), Number(month), Number(day))) return undefined
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59 || !isZone(zone)) return undefined
  const digits = fraction.slice(0, 9).replace(/0+$/, '')
  const time = `${hour.padStart(2, '0')}:${minute}:${second}${digits === '' ? '' : `.${digits}`}`
  return `${year}-${month}-${day}T${time}${/^[+-]00:00$/.test(zone) ? 'Z' : zone}`
}

function isDate(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  return day <= (month === 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31)
}

function isZone(zone: string): boolean {
  return zone === 'Z' || (Number(zone.slice(1, 3)) <= 24 && Number(zone.slice(4)) < 60)
}
