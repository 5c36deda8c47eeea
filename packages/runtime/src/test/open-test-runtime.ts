import { createRuntime, type RuntimeOptions } from '../create-runtime.ts'
import type { Runtime } from '../runtime.ts'
import { testRuntimeOptions } from './test-runtime-options.ts'
import { testStore, type StoreKind } from './test-store.ts'

/** Options of {@link openTestRuntime}. */
export interface TestRuntimeOptions extends RuntimeOptions {
  /** The kind of its store; in a directory by default. */
  readonly kind?: StoreKind
}

/**
 * A runtime with its store and home below `directory`, which knows nothing of this machine. All that are opened with the
 * same directory and kind have the same store.
 */
export function openTestRuntime(
  directory: string,
  { kind = 'file', ...options }: TestRuntimeOptions = {},
): Promise<Runtime> {
  const store = options.storeDirectory === undefined ? { store: testStore(kind, directory).opener } : {}
  return createRuntime({ ...testRuntimeOptions(directory), ...store, ...options })
}
