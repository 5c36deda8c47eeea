import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import process from 'node:process'

import { startDockerRegistry } from '@drayage/testkit'

import { measure, type Sample } from './measure.ts'
import type { Command, Contender, Row } from './row.ts'

/** Runs the contenders of a row in turn, so that a busy moment of the machine affects all of them. */
export async function runRow(row: Row, directory: string): Promise<Map<string, Sample[]>> {
  for (const command of row.once ?? []) {
    if (runQuietly(command) !== 0) throw new Error(`Cannot prepare "${row.title}": "${command.join(' ')}" failed`)
  }
  const samples = new Map<string, Sample[]>(row.contenders.map(({ name }) => [name, []]))
  for (let run = 0; run < row.runs; run++) {
    for (const contender of row.contenders) {
      const sample = row.wantsEmptyRegistry === true ? await runEmpty(contender, directory) : await runOnce(contender)
      samples.get(contender.name)?.push(sample)
    }
  }
  return samples
}

/** One run with an empty registry at an address that no tool has seen. */
async function runEmpty(contender: Contender, directory: string): Promise<Sample> {
  rmSync(directory, { recursive: true, force: true })
  await using registry = await startDockerRegistry({ directory })
  return await runOnce(contender, `${registry.host}/bench:latest`)
}

async function runOnce(contender: Contender, target = ''): Promise<Sample> {
  for (const each of contender.remove ?? []) rmSync(each, { recursive: true, force: true })
  for (const command of contender.prepare?.(target) ?? []) runQuietly(command)
  spawnSync('sync')
  return await measure(contender.command(target), process.env, contender.daemon)
}

function runQuietly([command = '', ...args]: Command): number | null {
  return spawnSync(command, args, { stdio: 'ignore' }).status
}
