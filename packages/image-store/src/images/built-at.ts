/** The time that Go has for none, which old builders wrote where they knew no other: the start of the year 1. */
export const NO_TIME = '0001-01-01T00:00:00Z'

/** {@link NO_TIME} in milliseconds since 1970. */
const NO_TIME_MS = Date.parse(NO_TIME)

/** A date and time as Go reads it; JavaScript alone would take numbers and prose for dates. @see RFC 3339, section 5.6 */
const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/

/** When an image or a step was made, in milliseconds since 1970; the year 1 where that is not known, as Docker has it. */
export function builtAtMs(created: string | undefined): number {
  const time = created !== undefined && DATE_TIME.test(created) ? Date.parse(created) : Number.NaN
  return Number.isNaN(time) ? NO_TIME_MS : time
}

/** The time as it is written; {@link NO_TIME} where it is not known. */
export function builtAt(created: string | undefined): string {
  return created === undefined || builtAtMs(created) === NO_TIME_MS ? NO_TIME : created
}
