import type { Verb } from './verb.ts'

/** Declares `dray serve`. */
export const serveVerb: Verb = {
  declare: (program, run) =>
    program
      .command('serve')
      .description('Serve the store as a registry to this machine')
      .option('--listen <address:port>', 'Address of this machine to listen on', '127.0.0.1:5000')
      .option('--read-only', 'Refuse pushes, which is the default')
      .option(
        '--allow-anonymous-push',
        'Let every user and program of this machine push, and replace and delete names of the store',
      )
      .option('--sparse', 'Take manifests whose content is not all here, such as an index with a few of its images')
      .option('--refuse-schema1', 'Refuse manifests of schema 1')
      .action((options) =>
        run(async (context) => (await import('../commands/serve.ts')).serveCommand(context, options)),
      ),
  examples: `
  dray serve                                      on 127.0.0.1:5000
  dray serve --listen 127.0.0.1:0                 on a free port
  dray serve --allow-anonymous-push               also for pushes, by everybody who has an account here

team/app stands for docker.io/team/app, ghcr.io/org/app for itself. Without users it serves pulls; drayd has users,
and serves other machines. A push adds all that came to the store; what is no image is kept and served as it is.
Stop it with Ctrl-C.`,
}
