import { quote } from '@drayage/bytes'

import type { ReferenceFlaw, ReferencePart } from '../errors.ts'

// Tests of single UTF-16 units; `NaN`, which `charCodeAt` gives past the end, passes none of them.

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

export function isLower(code: number): boolean {
  return code >= 97 && code <= 122
}

export function isUpper(code: number): boolean {
  return code >= 65 && code <= 90
}

export function isLetter(code: number): boolean {
  return isLower(code) || isUpper(code)
}

export function isLowerAlphanumeric(code: number): boolean {
  return isLower(code) || isDigit(code)
}

export function isAlphanumeric(code: number): boolean {
  return isLetter(code) || isDigit(code)
}

export function isHexDigit(code: number): boolean {
  return isDigit(code) || (code >= 97 && code <= 102) || (code >= 65 && code <= 70)
}

/** A letter, a digit or an underscore. */
export function isWord(code: number): boolean {
  return isAlphanumeric(code) || code === 95
}

/** The character at `index` in quotes, or `the end`. */
export function showAt(text: string, index: number, end: number = text.length): string {
  return index >= end ? 'the end' : quote(String.fromCodePoint(text.codePointAt(index) ?? 0))
}

/** What is wrong with one part of a reference at `offset`. */
export function flawAt(part: ReferencePart, text: string, offset: number, end: number, wanted: string): ReferenceFlaw {
  return { part, offset, found: showAt(text, offset, end), wanted }
}
