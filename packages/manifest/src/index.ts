export type { Descriptor } from './descriptor.ts'
export type { Platform } from './platform.ts'
