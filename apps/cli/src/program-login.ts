import type { Command } from '@commander-js/extra-typings'

import type { Run } from './program-run.ts'

/** Adds the verbs for logins. */
export function addLoginVerbs(program: Command, run: Run): void {
  program
    .command('login')
    .description('check a login and keep it where docker keeps logins')
    .argument('[host]', 'such as registry.example:5000', 'docker.io')
    .option('-u, --username <name>', 'the name of the user')
    .option('-p, --password <password>', 'the password, seen by others of this machine')
    .option('--password-stdin', 'read the password from a pipe')
    .action((host, options) =>
      run(undefined, async (context) => (await import('./commands/login.ts')).loginCommand(context, host, options)),
    )

  program
    .command('logout')
    .description('forget a login')
    .argument('[host]', 'such as registry.example:5000', 'docker.io')
    .action((host) =>
      run(undefined, async (context) => (await import('./commands/logout.ts')).logoutCommand(context, host)),
    )
}
