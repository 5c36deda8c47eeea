import { describe, expect, it } from 'vitest'

import { redactUrl } from './redact-url.ts'

describe('redactUrl()', () => {
  it('leaves out user-info, query values and fragment', () => {
    expect(redactUrl('https://u:S3CR3T@h:1/p?X-Amz-Signature=SIG&b&c=1#f')).toBe(
      'https://h:1/p?X-Amz-Signature=***&b=***&c=***',
    )
    expect(redactUrl(new URL('https://h/p'))).toBe('https://h/p')
  })

  it('cuts long URLs', () => {
    expect(redactUrl(`https://h/${'a'.repeat(10_000)}`).length).toBeLessThan(600)
    expect(redactUrl('S3CR3T')).toBe('(not a URL)')
  })
})
