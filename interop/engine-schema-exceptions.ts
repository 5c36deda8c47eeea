/** Answers on purpose other than a schema says, in the versions from 1.`from` on and before 1.`before`. */
export interface SchemaException {
  readonly operation: string
  readonly from?: number
  readonly before?: number
  readonly problem: RegExp
}

const INSPECT = 'GET /images/{name}/json'
const PUSH = 'POST /images/{name}/push'
const LOAD = 'POST /images/load'

/** Docker Engine answers so too, which older clients rely on. */
export const SCHEMA_EXCEPTIONS: readonly SchemaException[] = [
  { operation: 'GET /events', before: 52, problem: /additional properties \("(?:status|id)"\)/ },
  { operation: PUSH, problem: /additional properties \("(?:id|aux)"\)/ },
  { operation: PUSH, before: 50, problem: /additional properties \("errorDetail"\)/ },
  { operation: PUSH, from: 52, problem: /additional properties \("error"\)/ },
  { operation: LOAD, from: 52, problem: /additional properties \("error"\)/ },
  {
    operation: 'GET /system/df',
    from: 52,
    problem: /^\/ .*additional properties \("(?:LayersSize|Images|Containers|Volumes|BuildCache)"\)/,
  },
  { operation: 'GET /system/df', before: 42, problem: /additional properties \("BuilderSize"\)/ },
  { operation: 'GET /system/df', problem: /\/Labels must be object/ },
  { operation: 'GET /images/json', problem: /\/Labels must be object/ },
  {
    operation: 'GET /images/json',
    before: 48,
    problem: /\/Descriptor .*additional properties \("(?:platform|annotations)"\)/,
  },
  { operation: 'POST /images/prune', problem: /\/ImagesDeleted must be array/ },
  { operation: INSPECT, before: 45, problem: /\/ContainerConfig\/\w+ must be/ },
  { operation: INSPECT, before: 52, problem: /\/Config\/(?:Cmd|Env|Entrypoint|Labels|Volumes) must be/ },
  { operation: INSPECT, before: 52, problem: /\/GraphDriver/ },
]

/** The exception that allows a problem. */
export function exceptionFor(operation: string, minor: number, problem: string): SchemaException | undefined {
  return SCHEMA_EXCEPTIONS.find(
    (each) =>
      each.operation === operation &&
      minor >= (each.from ?? 0) &&
      minor < (each.before ?? Number.POSITIVE_INFINITY) &&
      each.problem.test(problem),
  )
}
