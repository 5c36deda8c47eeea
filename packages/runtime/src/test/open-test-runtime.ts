import { createRuntime, type Runtime, type RuntimeOptions } from '../create-runtime.ts'
import { testRuntimeOptions } from './test-runtime-options.ts'

/** A runtime with its store and home below `directory`, which knows nothing of this machine. */
export function openTestRuntime(directory: string, options: RuntimeOptions = {}): Promise<Runtime> {
  return createRuntime({ ...testRuntimeOptions(directory), ...options })
}
