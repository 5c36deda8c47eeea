import type { CopyPlan, PlannedAction, PlannedContent } from '@drayage/distribution'

import { formatSize } from '../format/size.ts'
import { formatTable } from '../format/table.ts'
import { escapeForTerminal } from './escape.ts'

/** What happens to content, in the order of the totals. */
const ACTIONS: readonly PlannedAction[] = ['exists', 'mount', 'copy', 'rewrite']

/** A plan as text: a line for each piece of content, then the totals. */
export function formatPlan(plan: CopyPlan): string {
  const rows = plan.content.map((each) =>
    [each.action, each.kind, each.digest, formatSize(each.size), noteOf(each)].map((cell) => escapeForTerminal(cell)),
  )
  const tags = plan.tags.map((tag) => `tag ${escapeForTerminal(tag)}`)
  const totals = ACTIONS.flatMap((action) => {
    const { count, bytes } = plan.totals[action]
    return count === 0 ? [] : [`${action} ${count} (${formatSize(bytes)})`]
  })
  return [
    `${escapeForTerminal(plan.from)} -> ${escapeForTerminal(plan.to)} ${plan.root.digest}`,
    formatTable(['ACTION', 'KIND', 'DIGEST', 'SIZE', 'NOTE'], rows),
    ...tags,
    `total: ${totals.join(', ')}`,
  ].join('\n')
}

function noteOf({ from, subject, mediaType }: PlannedContent): string {
  if (from !== undefined) return `from ${from}`
  return subject === undefined ? mediaType : `refers to ${subject}`
}
