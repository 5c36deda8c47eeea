import { expect, test } from 'vitest'

import { createMirrorWarnings } from './mirror-warnings.ts'

const failed = (
  host: string,
  message: string,
  code?: string,
): Parameters<ReturnType<typeof createMirrorWarnings>['onEvent']>[0] => ({
  type: 'endpoint-failed',
  host,
  registry: 'docker.io',
  repository: 'library/a',
  error: Object.assign(new Error(message), code === undefined ? {} : { code }),
})

test('each mirror that failed is reported once, and one that lacks the content is not', () => {
  const warnings = createMirrorWarnings()
  warnings.onEvent(failed('m.example', 'Cannot GET\u001b[2J'))
  warnings.onEvent(failed('m.example', 'again'))
  warnings.onEvent(failed('n.example', 'absent', 'ERR_NAME_NOT_FOUND'))
  warnings.onEvent({ type: 'endpoint-served', host: 'o', registry: 'docker.io', repository: 'a', isMirror: true })
  const lines: string[] = []
  warnings.tell((line) => lines.push(line))
  warnings.tell((line) => lines.push(line))
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(/^dray: warning: mirror m\.example failed and was skipped: Cannot GET/)
  expect(lines[0]).not.toContain('\u001b')
})
