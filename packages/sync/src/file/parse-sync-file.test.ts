import { expect, test } from 'vitest'

import { parseSyncFile } from './parse-sync-file.ts'

test('parseSyncFile() reads every key', () => {
  const text = `
# What is mirrored
concurrency: 8
images:
  - from: alpine
    to: registry.example/alpine
    tags: [1.10, 3.20, latest, 007]
  - { from: ghcr.io/org/app, to: oci:app, tags: all }
  - from: ghcr.io/org/app
    to: registry.example/app
    platforms: linux/arm64
    index: sparse
    tags:
      include: v.*
      exclude: [.*-rc, 'x|y']
      versions: ">=1.2 <2"
      latest: 5
      parts: 2
      prereleases: true
  - from: ghcr.io/org/app:1
    to: registry.example/app:1
`
  expect(parseSyncFile(text)).toEqual({
    concurrency: 8,
    images: [
      { from: 'alpine', to: 'registry.example/alpine', tags: ['1.10', '3.20', 'latest', '007'] },
      { from: 'ghcr.io/org/app', to: 'oci:app', filter: {} },
      {
        from: 'ghcr.io/org/app',
        to: 'registry.example/app',
        platforms: [{ os: 'linux', architecture: 'arm64' }],
        index: 'sparse',
        filter: {
          include: ['v.*'],
          exclude: ['.*-rc', 'x|y'],
          versions: '>=1.2 <2',
          latest: 5,
          parts: 2,
          prereleases: true,
        },
      },
      { from: 'ghcr.io/org/app:1', to: 'registry.example/app:1' },
    ],
  })
})

test('parseSyncFile() reads JSON, and substitutes nothing', () => {
  const image = { from: '${REGISTRY}/a', to: '$TO', tags: ['1'] }
  expect(parseSyncFile(JSON.stringify({ images: [image] }))).toEqual({ concurrency: 4, images: [image] })
})

test('parseSyncFile() reads the choice of repositories of a registry', () => {
  const places = { from: 'a.example', to: 'b.example' }
  const images = [
    { ...places, repositories: 'all', tags: 'all' },
    { ...places, repositories: ['team/app'], tags: ['1'] },
    { ...places, repositories: { include: 'team/.*', exclude: ['.*/old'] }, tags: { latest: '1' } },
  ]
  expect(parseSyncFile(JSON.stringify({ images })).images).toEqual([
    { ...places, repositoryFilter: {}, filter: {} },
    { ...places, repositories: ['team/app'], tags: ['1'] },
    { ...places, repositoryFilter: { include: ['team/.*'], exclude: ['.*/old'] }, filter: { latest: 1 } },
  ])
})

test.each([
  ['all', 'all'],
  ['application/spdx+json', ['application/spdx+json']],
  [
    ['a/b', 'c/d'],
    ['a/b', 'c/d'],
  ],
])('parseSyncFile() reads the referrers %j', (given, expected) => {
  const images = [{ from: 'a:1', to: 'b:1', referrers: given }]
  expect(parseSyncFile(JSON.stringify({ images })).images[0]?.referrers).toEqual(expected)
})

test('parseSyncFile() follows aliases', () => {
  const text = 'images:\n- &a {from: a, to: b, tags: &t [x]}\n- {from: c, to: d, tags: *t}'
  expect(parseSyncFile(text).images[1]).toEqual({ from: 'c', to: 'd', tags: ['x'] })
})

const image = 'images:\n- from: a\n  to: b\n'
test.each([
  ['', 'Cannot sync by this file: found nothing, expected object'],
  ['images: []', 'Cannot sync "images": found a list of 0, expected at least one image'],
  ['images:\n- from: a', 'Cannot sync "images[0].to": found nothing, expected string'],
  [
    'images:\n- {from: "", to: b}',
    'Cannot sync "images[0].from": found "", expected a place such as registry.example/team/app',
  ],
  [
    `${image}  tag: x`,
    'Cannot sync "images[0].tag": found an unknown key, expected from, to, repositories, tags, platforms, index or referrers',
  ],
  [`${image}mirror: x`, 'Cannot sync "mirror": found an unknown key, expected images or concurrency'],
  [`${image}concurrency: 0`, 'Cannot sync "concurrency": found "0", expected a number from 1 to 64'],
  [`${image}concurrency: 65`, 'Cannot sync "concurrency": found "65", expected a number from 1 to 64'],
  [
    `${image}  platforms: [linux/arm64, linux]`,
    'Cannot sync "images[0].platforms[1]": found "linux", expected os/architecture',
  ],
  [`${image}  index: rewrite`, 'Cannot sync "images[0].index": found "rewrite", expected platforms next to it'],
  [
    `${image}  platforms: linux/arm64\n  index: x`,
    'Cannot sync "images[0].index": found "x", expected sparse or rewrite',
  ],
  [`${image}  tags: x`, 'Cannot sync "images[0].tags": found "x", expected "all", a list or a filter'],
  [`${image}  tags:`, 'Cannot sync "images[0].tags": found "", expected "all", a list or a filter'],
  [`${image}  tags: []`, 'Cannot sync "images[0].tags": found a list of 0, expected at least one tag'],
  [`${image}  tags: [a, "b/c"]`, 'Cannot sync "images[0].tags[1]": found "b/c", expected a tag of letters'],
  [`${image}  tags: {semver: x}`, 'Cannot sync "images[0].tags.semver": found an unknown key, expected include,'],
  [
    `${image}  tags: {include: ["a", "("]}`,
    'Cannot sync "images[0].tags.include[1]": found "(", expected a closing parenthesis',
  ],
  [
    `${image}  tags: {versions: new}`,
    'Cannot sync "images[0].tags.versions": found "new", expected a comparator such as',
  ],
  [`${image}  tags: {latest: many}`, 'Cannot sync "images[0].tags.latest": found "many", expected a number from 1'],
  [`${image}  tags: {versions: 1.x, parts: 4}`, 'Cannot sync "images[0].tags.parts": found "4", expected 1, 2 or 3'],
  [
    `${image}  tags: {parts: 2}`,
    'Cannot sync "images[0].tags.parts": found "2", expected versions or latest next to it',
  ],
  [
    `${image}  tags: {latest: 1, prereleases: yes}`,
    'Cannot sync "images[0].tags.prereleases": found "yes", expected true or false',
  ],
  [
    `${image}  repositories: [Up]`,
    'Cannot sync "images[0].repositories[0]": found "Up", expected a path such as team/app',
  ],
  [
    `${image}  repositories: {versions: x}`,
    'Cannot sync "images[0].repositories.versions": found an unknown key, expected include or exclude',
  ],
  ['images: [', 'Cannot sync by this file: found Flow sequence in block collection must be'],
  [`${image}images: x`, 'Cannot sync by this file: found Map keys must be unique at line 4'],
  ['images: !!js/function x', 'Cannot sync by this file: found Unresolved tag'],
  ['a: 1\n---\nb: 2', 'Cannot sync by this file: found Source contains multiple documents'],
  ['x'.repeat(4 * 1024 * 1024 + 1), 'Cannot sync by this file: found 4194305 characters, expected at most 4194304'],
])('parseSyncFile() says what is wrong (%#)', (text, message) => {
  const read = (): unknown => parseSyncFile(text)
  expect(read).toThrow(expect.objectContaining({ code: 'ERR_SYNC_FILE' }))
  expect(read).toThrow(message)
})

test('parseSyncFile() refuses aliases that grow', () => {
  const levels = Array.from(
    { length: 20 },
    (_, level) => `l${level + 1}: &l${level + 1} [*l${level}, *l${level}, *l${level}]`,
  )
  expect(() => parseSyncFile(`l0: &l0 [x]\n${levels.join('\n')}`)).toThrow('found aliases that repeat too much')
})

test('parseSyncFile() gives no name a meaning to JavaScript', () => {
  expect(() => parseSyncFile(`${image}__proto__: {x: y}`)).toThrow('Cannot sync "__proto__"')
})
