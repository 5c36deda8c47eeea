export type { Reference, Repository } from './reference.ts'
