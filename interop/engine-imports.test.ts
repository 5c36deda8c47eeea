import { buildTar } from '@drayage/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { engineClient } from './engine-client.ts'
import { startEnginePair, type Engine, type EnginePair } from './engine-pair.ts'
import { havePeers } from './peer.ts'

/** Lines of a Dockerfile, several at once where the order matters. */
const TAKEN: readonly (readonly string[])[] = [
  ['CMD ["/bin/a","b c"]'],
  ['CMD run it  now'],
  ['cmd []'],
  ['CMD'],
  ['CMD ["a"] and more'],
  ['CMD ["a", b]'],
  ['CMD a', 'ENTRYPOINT b'],
  ['CMD []', 'ENTRYPOINT ["b"]'],
  ['ENTRYPOINT ["b"]', 'CMD ["c"]'],
  ['ENTRYPOINT'],
  ['ENTRYPOINT []'],
  ['ENV A=1 B="two words" C=three\\ words'],
  ["ENV A='$B' B=\"it's\""],
  ['env D one  two'],
  ['ENV A=1', 'ENV A=2 B=$A', 'ENV C=${A}x${NONE}y'],
  ['ENV A=1', 'ENV B=${A:-x} C=${N:-x} D=${A:+y} E=${N:+y} F=${N:-${A}}'],
  ['ENV A=\\$B B="\\$C"', 'ENV B=$'],
  ['ENV A=', 'ENV B=${A:-empty}'],
  ['EXPOSE 80 53/udp 8000-8002/TCP'],
  ['ENV P="80 90"', 'EXPOSE $P 443/sctp'],
  ['EXPOSE 127.0.0.1:8080:80 8081:81'],
  ['HEALTHCHECK NONE'],
  ['HEALTHCHECK CMD curl -f http://localhost/ || exit 1'],
  ['HEALTHCHECK --interval=1m30s --timeout=500ms --start-period=1.5s --retries=3 CMD ["true","x"]'],
  ['HEALTHCHECK CMD a', 'HEALTHCHECK --retries=2 CMD b'],
  ['healthcheck --interval=0s cmd ok'].slice(1),
  ['LABEL a=b "c d"="e f" g=\'h i\''],
  ['LABEL a the rest of it'],
  ['LABEL __proto__=x constructor=y'],
  ['ENV V=1', 'LABEL version=$V quoted="$V" single=\'$V\''],
  ['ONBUILD RUN make', 'onbuild   COPY . /src'],
  ['USER nobody'],
  ['USER "a b"'],
  ['ENV U=me', 'USER ${U}:$U'],
  ['VOLUME /a /b'],
  ['VOLUME ["/a b","/c"]'],
  ['ENV D=/d', 'VOLUME $D'],
  ['WORKDIR /a', 'WORKDIR b', 'WORKDIR ../c/'],
  ['WORKDIR a/b/'],
  ['WORKDIR /a/../b/'],
  ['# a comment', '', 'CMD a \\', '  b \\', '# within', '  c'],
  ['# escape=`', 'CMD a `', '  b', 'ENV A=`$x B=\\y'],
  ['   CMD   spaces   '],
  ['CMD -- dash', 'ENV A=1 \\'],
].filter((each) => each.length > 0)

/** Lines that are refused. */
const REFUSED: readonly (readonly string[])[] = [
  ['BAD x'],
  ['RUN x'],
  ['FROM a'],
  ['ARG a'],
  ['MAINTAINER me'],
  ['SHELL ["a"]'],
  ['constructor x'],
  [''],
  ['# only a comment'],
  ['CMD [1]'],
  ['ENTRYPOINT ["a",null]'],
  ['ENV'],
  ['ENV A'],
  ['ENV A=1 B'],
  ['ENV =1'],
  ['ENV A="open'],
  ["ENV A='open"],
  ['ENV A=${B'],
  ['ENV A=${}'],
  ['ENV A=${B:?told}'],
  ['ENV A=${B:?}'],
  ['ENV A=${B?}'],
  ['ENV A=${B:=x}'],
  ['ENV A=${B!x}'],
  ['EXPOSE'],
  ['EXPOSE x'],
  ['EXPOSE 80/x'],
  ['EXPOSE 70000'],
  ['EXPOSE 90-80'],
  ['EXPOSE /tcp'],
  ['HEALTHCHECK'],
  ['HEALTHCHECK CMD'],
  ['HEALTHCHECK CMD []'],
  ['HEALTHCHECK NONE x'],
  ['HEALTHCHECK WHAT x'],
  ['HEALTHCHECK --interval=1 CMD a'],
  ['HEALTHCHECK --interval=x CMD a'],
  ['HEALTHCHECK --interval=1x CMD a'],
  ['HEALTHCHECK --interval=1us CMD a'],
  ['HEALTHCHECK --interval CMD a'],
  ['HEALTHCHECK --interval=1s --interval=2s CMD a'],
  ['HEALTHCHECK --bogus=1 CMD a'],
  ['HEALTHCHECK --retries=0 CMD a'],
  ['HEALTHCHECK --retries=x CMD a'],
  ['LABEL'],
  ['LABEL a'],
  ['ONBUILD'],
  ['ONBUILD ONBUILD RUN x'],
  ['ONBUILD FROM a'],
  ['USER'],
  ['USER --a=b c'],
  ['VOLUME'],
  ['VOLUME []'],
  ['VOLUME ["/a",""]'],
  ['VOLUME $NONE'],
  ['WORKDIR'],
  ['WORKDIR $NONE'],
]

describe.skipIf(!havePeers('dockerd', 'docker'))('imports with changes, in dockerd 20.10 and drayd', () => {
  let pair: EnginePair
  let tar: Uint8Array

  beforeAll(async () => {
    pair = await startEnginePair()
    tar = await buildTar([{ path: 'file', content: 'text' }])
  })
  afterAll(async () => {
    await pair[Symbol.asyncDispose]()
  })

  const imported = async ({ socket }: Engine, changes: readonly string[]): Promise<unknown> => {
    const client = engineClient(socket)
    const query = changes.map((change) => `&changes=${encodeURIComponent(change)}`).join('')
    const { status, text } = await client.ask('POST', `/v1.41/images/create?fromSrc=-${query}`, { body: tar })
    if (status !== 200) return { status, ...JSON.parse(text) }
    const id: string = JSON.parse(text).status
    const { Config, Os, Architecture } = JSON.parse((await client.ask('GET', `/v1.41/images/${id}/json`)).text)
    return { Config, Os, Architecture }
  }

  test.each(TAKEN.map((changes) => [changes.join(' | '), changes] as const))('%s', async (_, changes) => {
    const docker = await imported(pair.docker, changes)
    expect(docker).toHaveProperty('Config')
    expect(await imported(pair.drayage, changes)).toEqual(docker)
  })

  test.each(REFUSED.map((changes) => [changes.join(' | '), changes] as const))('%s is refused', async (_, changes) => {
    const docker = await imported(pair.docker, changes)
    expect(docker).toHaveProperty('status', 400)
    expect(await imported(pair.drayage, changes)).toEqual(docker)
  })
})
