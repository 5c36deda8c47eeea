import { bindSuite, type ConformanceCase, type Participation } from '@drayage/content/conformance'

import { findRequirements } from './find-requirements.ts'
import { holdingRequirements, uploadRequirements } from './holding-requirements.ts'
import { imageRequirements } from './image-requirements.ts'
import { leaseRequirements } from './lease-requirements.ts'
import { nameRequirements } from './name-requirements.ts'
import { removalRequirements } from './removal-requirements.ts'
import { sourceRequirements } from './source-requirements.ts'
import type { MetadataGiven, MetadataSubject } from './subject.ts'

/** The requirements on metadata: names, images, finding, removal, sources, leases, holdings and uploads. */
export function metadataCases(participation: Participation<MetadataGiven, MetadataSubject>): ConformanceCase[] {
  return [
    ...bindSuite('names', nameRequirements, participation),
    ...bindSuite('images', imageRequirements, participation),
    ...bindSuite('find', findRequirements, participation),
    ...bindSuite('removal', removalRequirements, participation),
    ...bindSuite('sources', sourceRequirements, participation),
    ...bindSuite('leases', leaseRequirements, participation),
    ...bindSuite('holdings', holdingRequirements, participation),
    ...bindSuite('uploads', uploadRequirements, participation),
  ]
}
