import { describe, expect, test } from 'vitest'

import { applyChanges } from './apply-changes.ts'

describe('applyChanges() makes the config that Docker Engine makes', () => {
  test.each<[changes: readonly string[], config: object]>([
    [[], {}],
    [['CMD run it  now'], { Cmd: ['/bin/sh', '-c', 'run it  now'] }],
    [['CMD ["a"] and more'], { Cmd: ['a'] }],
    [['CMD ["a", b]'], { Cmd: ['/bin/sh', '-c', '["a", b]'] }],
    [['CMD []', 'ENTRYPOINT ["b"]'], { Entrypoint: ['b'] }],
    [['ENV A=1', 'ENV A=2 B=$A', 'ENV C=${A}x${NONE:-y}'], { Env: ['A=2', 'B=1', 'C=2xy'] }],
    [['ENV A="two words" B=three\\ words'], { Env: ['A=two words', 'B=three words'] }],
    [['env D one  two'], { Env: ['D=one  two'] }],
    [
      ['ENV P="80 90"', 'EXPOSE $P 8-9/UDP'],
      { ExposedPorts: { '80/tcp': {}, '90/tcp': {}, '8/udp': {}, '9/udp': {} } },
    ],
    [['HEALTHCHECK NONE'], { Healthcheck: { Test: ['NONE'] } }],
    [
      ['HEALTHCHECK --interval=1m30s --timeout=1.5s --start-period=2ms --retries=3 CMD ["a","b"]'],
      { Healthcheck: { Test: ['CMD', 'a', 'b'], Interval: 90e9, Timeout: 15e8, StartPeriod: 2e6, Retries: 3 } },
    ],
    [['LABEL a=b "c d"=e'], { Labels: { a: 'b', 'c d': 'e' } }],
    [['onbuild   RUN make'], { OnBuild: ['RUN make'] }],
    [['STOPSIGNAL SIGRTMIN+3'], { StopSignal: 'SIGRTMIN+3' }],
    [['STOPSIGNAL 9'], { StopSignal: '9' }],
    [['VOLUME /a /b'], { Volumes: { '/a': {}, '/b': {} } }],
    [['WORKDIR /a', 'WORKDIR b/', 'WORKDIR ../c/'], { WorkingDir: '/a/c' }],
    [['# a comment', 'CMD a \\', '# within', '  b'], { Cmd: ['/bin/sh', '-c', 'a   b'] }],
    [['# escape=`', 'ENV A=`$x B=\\y'], { Env: ['A=$x', 'B=\\y'] }],
  ])('of %j', (changes, config) => {
    expect(applyChanges(changes)).toMatchObject(config)
  })
})

describe('applyChanges() refuses in the words of Docker Engine', () => {
  test.each([
    ['RUN x', 'run is not a valid change command'],
    ['constructor x', 'constructor is not a valid change command'],
    ['', 'file with no instructions'],
    ['CMD [1]', 'when using JSON array syntax, arrays must be comprised of strings only'],
    ['ENV A', 'ENV must have two arguments'],
    ['ENV A=1 B', 'Syntax error - can\'t find = in "B". Must be of the form: name=value'],
    ['ENV A=${B:?told}', 'failed to process "${B:?told}": B: told'],
    ['EXPOSE 80/x', 'Invalid proto: x'],
    [`EXPOSE ${'1-65535 '.repeat(2000)}`, 'too many ports'],
    ['HEALTHCHECK --interval=1us CMD a', 'Interval "interval" cannot be less than 1ms'],
    ['HEALTHCHECK --bogus=1 CMD a', 'Unknown flag: bogus'],
    ['STOPSIGNAL SIGNONE', 'Invalid signal: SIGNONE'],
    ['ONBUILD FROM a', "FROM isn't allowed as an ONBUILD trigger"],
    [`ENV A=${'${B:-'.repeat(200)}${'}'.repeat(200)}`, /too many nested substitutions$/],
  ])('%j', (change, reason) => {
    const code = 'ERR_IMAGE_CHANGE'
    const found = typeof reason === 'string' ? reason : expect.stringMatching(reason)
    expect(() => applyChanges([change])).toThrow(expect.objectContaining({ code, reason: found }))
  })
})
