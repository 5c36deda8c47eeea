import type { Random } from './random.ts'

const HOSTILE: readonly string[] = [
  ...['', ' ', '.', '..', '../../etc/passwd', '/etc/passwd', '%2e%2e%2f', '..%2f..%2fetc', '%', '%zz', '%00', '\0'],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'null', '-1', '0'],
  ...[
    'true',
    'false',
    '1e999',
    '99999999999999999999',
    '1'.repeat(400),
    '\u202Etxt.exe',
    '\u001B]0;x\u0007',
    '\r\nx-evil: 1',
  ],
  ...['ａlpine', 'ALPINE', 'a:b:c', 'a@b@c', '@', ':', '#', '?', 'a b', "'", '"', '\\', '\ud800', '😀', '<script>'],
  ...[
    '{}',
    '[]',
    '{"__proto__":{"polluted":1}}',
    '{"dangling":{"true":true}}',
    '{"label":["a=b"]}',
    '{"until":["1h"]}',
  ],
  ...[
    'sha256:',
    'sha256:zz',
    `sha256:${'0'.repeat(64)}`,
    `sha512:${'f'.repeat(128)}`,
    'md5:d41d8cd98f00b204e9800998ecf8427e',
  ],
  ...[
    'linux/amd64',
    'linux',
    '/',
    'windows/arm64/v8',
    '{"os":"linux"}',
    'a/b/c/d/e',
    'bytes=0-',
    'bytes=-1',
    '0-0',
    '5-1',
  ],
]

/** Text that a parser may trip over. */
export function hostileText(random: Random): string {
  const text = random.pick(HOSTILE)
  if (random.chance(0.04)) return 'a/'.repeat(random.pick([100, 3000, 30_000]))
  if (random.chance(0.04)) return 'a-----'.repeat(random.pick([20, 1000, 20_000])) + '!'
  if (random.chance(0.04)) return flood(random)
  return random.chance(0.2) ? text + random.pick(HOSTILE) : text
}

/** One or two characters, repeated so often that a backtracking parser would not finish. */
function flood(random: Random): string {
  const unit = random.pick([' ', '0', '"', '\\', ',', '=', '<', '\t', '\\"', 'a=', 'a,', '.0', '%2f'])
  const lead = random.pick(['', 'Basic ', 'Bearer ', 'bytes=', 'ENV ', '{"a":"'])
  return `${lead}${unit.repeat(random.pick([100, 10_000, 25_000]))}${random.pick(['', '!'])}`
}

/** Names that all requests share, so that they collide. */
export const TAGS: readonly string[] = ['1', '2', 'multi', 'latest', 'x_y.z-1']
export const REPOSITORIES: readonly string[] = ['fuzz/a', 'fuzz/b', 'fuzz/c/d', 'solo']

/** The name of a repository of the store. */
export function repositoryName(random: Random): string {
  return random.chance(0.9) ? random.pick(REPOSITORIES) : hostileText(random)
}

/** The name of a tag. */
export function tagName(random: Random): string {
  return random.chance(0.9) ? random.pick(TAGS) : hostileText(random)
}

/** `value` most of the time, otherwise hostile text. */
export function mostly(random: Random, value: string): string {
  return random.chance(0.85) ? value : hostileText(random)
}

/** A text as a part of a path or query, mostly well encoded. */
export function encoded(random: Random, text: string): string {
  if (random.chance(0.06)) return text.replaceAll(/[\r\n\0 ]/g, '%20')
  return encodeURIComponent(text.toWellFormed())
}
