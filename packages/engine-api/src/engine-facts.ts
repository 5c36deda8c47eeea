/** What the daemon tells of itself. */
export interface EngineFacts {
  /** The version of the program, such as `1.2.3`. */
  readonly version: string
  /** How the machine calls itself. */
  readonly hostName: string
  /** A stable identity of this daemon's store. */
  readonly id: string
}
