import { formatSize, type CopyPlan, type PlannedAction, type PlannedContent } from '@drayage/distribution'

import { formatTable } from './rows.ts'
import { lineOf } from './write-out.ts'

/** What happens to content, in the order of the totals. */
const ACTIONS: readonly PlannedAction[] = ['exists', 'mount', 'copy', 'rewrite']

/** A plan as text: a line for each piece of content, then the totals. */
export function formatPlan(plan: CopyPlan): string {
  const rows = plan.content.map((each) =>
    [each.action, each.kind, each.digest, formatSize(each.size), noteOf(each)].map(lineOf),
  )
  const tags = plan.tags.map((tag) => `tag ${lineOf(tag)}`)
  const totals = ACTIONS.flatMap((action) => {
    const { count, bytes } = plan.totals[action]
    return count === 0 ? [] : [`${action} ${count} (${formatSize(bytes)})`]
  })
  return [
    `${lineOf(plan.from)} -> ${lineOf(plan.to)} ${plan.root.digest}`,
    formatTable(['ACTION', 'KIND', 'DIGEST', 'SIZE', 'NOTE'], rows),
    ...tags,
    `total: ${totals.join(', ')}`,
  ].join('\n')
}

function noteOf({ from, subject, mediaType }: PlannedContent): string {
  if (from !== undefined) return `from ${from}`
  return subject === undefined ? mediaType : `refers to ${subject}`
}
