import { expect, test } from 'vitest'

import { loginSources } from './login-sources.ts'

const pathsOf = (env: Record<string, string>, uid?: number) =>
  loginSources({ env, home: '/home/me', uid }).map((source) => source.path)

test('loginSources() gives the places of a user without variables', () => {
  expect(pathsOf({}, 1000)).toEqual([
    '/run/containers/1000/auth.json',
    '/home/me/.config/containers/auth.json',
    '/home/me/.docker/config.json',
    '/home/me/.dockercfg',
  ])
  expect(pathsOf({})[0]).toBe('/home/me/.config/containers/auth.json')
})

test('loginSources() gives the places that variables name, and ignores empty variables', () => {
  const env = {
    DOCKER_AUTH_CONFIG: '{}',
    REGISTRY_AUTH_FILE: '/a/auth.json',
    XDG_RUNTIME_DIR: '/run/me',
    XDG_CONFIG_HOME: '/config',
    DOCKER_CONFIG: '/docker',
  }
  expect(pathsOf(env, 1000)).toEqual([
    '$DOCKER_AUTH_CONFIG',
    '/a/auth.json',
    '/run/me/containers/auth.json',
    '/config/containers/auth.json',
    '/docker/config.json',
    '/home/me/.dockercfg',
  ])
  const empty = Object.fromEntries(Object.keys(env).map((name) => [name, '']))
  expect(pathsOf(empty, 1000)).toEqual(pathsOf({}, 1000))
})
