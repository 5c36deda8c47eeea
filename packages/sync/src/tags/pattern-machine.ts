/** A set of characters, or all characters outside it. */
export interface CharacterSet {
  readonly characters: ReadonlySet<string>
  readonly isNegated: boolean
}

/** A parsed pattern. */
export type PatternNode =
  | { readonly kind: 'set'; readonly set: CharacterSet }
  | { readonly kind: 'sequence'; readonly nodes: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly nodes: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly node: PatternNode; readonly least: number; readonly most: number }
  | { readonly kind: 'start' }
  | { readonly kind: 'end' }

type State =
  | { readonly kind: 'set'; readonly set: CharacterSet; readonly next: State }
  | { readonly kind: 'split'; readonly branches: State[] }
  | { readonly kind: 'start' | 'end'; readonly next: State }
  | { readonly kind: 'accept' }

/** How many states a machine may have. */
export const MAX_STATES = 1000

/**
 * Creates a test of whole texts from a pattern. It follows all paths through the pattern at once, so the time is at most the
 * length of the text times the number of states.
 *
 * @throws RangeError when the pattern needs more than {@link MAX_STATES} states
 */
export function createPatternMachine(node: PatternNode): (text: string) => boolean {
  const accept: State = { kind: 'accept' }
  const first = createBuilder().build(node, accept)
  return (text) => {
    let states = reach([first], 0, text.length)
    for (let at = 0; at < text.length && states.size > 0; at++) {
      const character = text.charAt(at)
      const next: State[] = []
      for (const state of states) {
        if (state.kind === 'set' && state.set.characters.has(character) !== state.set.isNegated) next.push(state.next)
      }
      states = reach(next, at + 1, text.length)
    }
    return states.has(accept)
  }
}

function createBuilder(): { build(node: PatternNode, next: State): State } {
  let count = 0
  const made = <S extends State>(state: S): S => {
    if (++count > MAX_STATES)
      throw new RangeError(`Cannot compile the pattern: it needs more than ${MAX_STATES} states`)
    return state
  }
  const build = (node: PatternNode, next: State): State => {
    switch (node.kind) {
      case 'set':
        return made({ kind: 'set', set: node.set, next })
      case 'sequence':
        return node.nodes.reduceRight<State>((after, each) => build(each, after), next)
      case 'choice':
        return made({ kind: 'split', branches: node.nodes.map((each) => build(each, next)) })
      case 'repeat':
        return repeat(node, next)
      case 'start':
      case 'end':
        return made({ kind: node.kind, next })
    }
  }
  const repeat = ({ node, least, most }: PatternNode & { kind: 'repeat' }, next: State): State => {
    let from = next
    if (most === Infinity) {
      const loop = made({ kind: 'split', branches: [next] })
      loop.branches.push(build(node, loop))
      from = loop
    } else {
      for (let times = least; times < most; times++) from = made({ kind: 'split', branches: [next, build(node, from)] })
    }
    for (let times = 0; times < least; times++) from = build(node, from)
    return from
  }
  return { build }
}

/** The states that are reached without reading a character. */
function reach(states: readonly State[], at: number, length: number): Set<State> {
  const reached = new Set<State>()
  const waiting = [...states]
  for (let state = waiting.pop(); state !== undefined; state = waiting.pop()) {
    if (reached.has(state)) continue
    reached.add(state)
    if (state.kind === 'split') waiting.push(...state.branches)
    if ((state.kind === 'start' && at === 0) || (state.kind === 'end' && at === length)) waiting.push(state.next)
  }
  return reached
}
