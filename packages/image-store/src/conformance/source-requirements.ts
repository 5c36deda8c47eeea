import { strict as assert } from 'node:assert'

import { digestOf } from '@drayage/digest'
import { parseRepository, type Repository } from '@drayage/reference'

import { requirement, type MetadataRequirement } from './subject.ts'

/** Which repositories hold content. */
export const sourceRequirements: readonly MetadataRequirement[] = [
  requirement('sourcesOf() gives the newest 50 repositories, each once', async ({ metadata: { images } }) => {
    const digest = digestOf('blob')
    const repository = (index: number): Repository => parseRepository(`registry.test:5000/team/app${index}`)
    for (let index = 0; index < 60; index++) await images.recordSources([{ digest }], repository(index))
    await images.recordSources([{ digest }], repository(30))
    const sources = await images.sourcesOf(digest)
    assert.equal(sources.length, 50)
    assert.deepEqual(sources.slice(0, 2), [repository(30), repository(59)])
    assert.deepEqual(await images.sourcesOf(digestOf('unknown')), [])
  }),
  requirement(
    'sourcesOf() gives the last login of each repository, and forgets on request',
    async ({ metadata: { images } }) => {
      const digest = digestOf('blob')
      const [one, two] = [parseRepository('registry.test:5000/one'), parseRepository('registry.test:5000/two')]
      await images.recordSources([{ digest, auth: 'a hash' }], one)
      await images.recordSources([{ digest }], two)
      assert.deepEqual(await images.sourcesOf(digest), [two, { ...one, auth: 'a hash' }])
      await images.recordSources([{ digest }], one)
      await images.forgetSource(digest, two)
      await images.forgetSource(digestOf('unknown'), one)
      assert.deepEqual(await images.sourcesOf(digest), [one])
    },
  ),
]
