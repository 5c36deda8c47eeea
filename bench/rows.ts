import type { BenchContext, Row } from './row.ts'
import { digestRow } from './rows/digest.ts'
import { dockerArchiveRow } from './rows/docker-archive.ts'
import { loadRow } from './rows/load.ts'
import { ociLayoutRow } from './rows/oci-layout.ts'
import { pullRow } from './rows/pull.ts'
import { pushRow } from './rows/push.ts'
import { registryCopyRow } from './rows/registry-copy.ts'
import { saveRow } from './rows/save.ts'
import { upToDateRow } from './rows/up-to-date.ts'

/** The benchmark's rows for the peers that are there. */
export function benchRows(context: BenchContext): Row[] {
  return [
    ociLayoutRow(context),
    pullRow(context),
    dockerArchiveRow(context),
    pushRow(context),
    registryCopyRow(context),
    loadRow(context),
    saveRow(context),
    upToDateRow(context),
    digestRow(context),
  ]
}
