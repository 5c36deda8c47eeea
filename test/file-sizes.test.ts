import path from 'node:path'
import { describe, expect, test } from 'vitest'

import { workspacePackages } from '../scripts/workspace.ts'
import { builtFiles, readSource } from './source-text.ts'

/** A file above this holds more than one concept. */
const MOST_LINES = 300
/** Nine of ten files are at most this long. */
const USUAL_LINES = 150
/** A file of so few lines is often a function that belongs to the concept in another file. */
const FEW_LINES = 15
/** How many such files there may be in all packages together. */
const MOST_SMALL_FILES = 25

const sizes = workspacePackages().flatMap((each) =>
  builtFiles(each).map((file) => ({
    file: `${each.label}: ${path.basename(file)}`,
    lines: readSource(each, file).trimEnd().split('\n').length,
  })),
)

describe('the files of all packages', () => {
  test(`have at most ${MOST_LINES} lines`, () => {
    const long = sizes.filter(({ lines }) => lines > MOST_LINES).map(({ file }) => file)
    expect(long).toEqual([])
  })

  test(`have at most ${USUAL_LINES} lines, nine of ten of them`, () => {
    const long = sizes.filter(({ lines }) => lines > USUAL_LINES)
    expect(long.length / sizes.length).toBeLessThan(0.1)
  })

  test(`are rarely of ${FEW_LINES} lines or fewer`, () => {
    const small = sizes.filter(({ file, lines }) => lines <= FEW_LINES && !file.endsWith('index.ts'))
    expect(small.length > MOST_SMALL_FILES ? small : []).toEqual([])
  })
})
