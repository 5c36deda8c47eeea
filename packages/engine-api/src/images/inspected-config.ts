/** Members of a container's config that do not apply to images; versions before 1.50 show them. */
const OF_CONTAINERS = {
  Hostname: '',
  Domainname: '',
  AttachStdin: false,
  AttachStdout: false,
  AttachStderr: false,
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Image: '',
}

/** What versions before 1.45 show of the container that an image was committed from, if that is unknown. */
export const NO_CONTAINER_CONFIG: object = {
  User: '',
  Env: null,
  Cmd: null,
  Volumes: null,
  WorkingDir: '',
  Entrypoint: null,
  OnBuild: null,
  Labels: null,
}

/** Docker Engine's order of members, which users see, since the `docker` command prints what it gets. */
const ORDER =
  'Hostname Domainname User AttachStdin AttachStdout AttachStderr ExposedPorts Tty OpenStdin StdinOnce Env Cmd Healthcheck ArgsEscaped Image Volumes WorkingDir Entrypoint NetworkDisabled MacAddress OnBuild Labels StopSignal StopTimeout Shell'.split(
    ' ',
  )

/** A config as Docker Engine shows it: `hasContainerMembers` in versions before 1.50. */
export function inspectedConfig(config: object, hasContainerMembers: boolean): object {
  const members = new Map(Object.entries({ ...(hasContainerMembers ? OF_CONTAINERS : {}), ...config }))
  const known = ORDER.filter((name) => members.has(name))
  const others = [...members.keys()].filter((name) => !ORDER.includes(name))
  return Object.fromEntries([...known, ...others].map((name) => [name, members.get(name)]))
}
