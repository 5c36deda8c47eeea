import type { Verb } from './verb.ts'

/** Declares `dray login`. */
export const loginVerb: Verb = {
  declare: (program, run) =>
    program
      .command('login')
      .description('Log in to a registry')
      .argument('[host]', 'A registry, such as registry.example:5000', 'docker.io')
      .option('-u, --username <name>', 'User name')
      .option('-p, --password <password>', 'Password; other users of this machine can see it')
      .option('--password-stdin', 'Read the password from stdin')
      .action((host, options) =>
        run(async (context) => (await import('../commands/login.ts')).loginCommand(context, host, options)),
      ),
  examples: `
  pass show registry | dray login -u alice --password-stdin registry.example
  dray login                                      Docker Hub; asks for name and password

The login is checked with the registry first. It is stored with the credential helper that docker's config.json names,
or else in that file, so that docker, podman and skopeo know it too.`,
}
