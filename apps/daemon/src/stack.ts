/** Things to dispose, the last one first; the oldest supported Node has no `AsyncDisposableStack`. */
export interface Stack extends AsyncDisposable {
  /** Adds a thing and gives it back. */
  use<T extends AsyncDisposable | Disposable>(thing: T): T
  /** Hands the things over to another stack; this one is empty then. */
  move(): Stack
}

/** Creates a stack of things to dispose. */
export function createStack(things: (AsyncDisposable | Disposable)[] = []): Stack {
  return {
    use(thing) {
      things.push(thing)
      return thing
    },
    move: () => createStack(things.splice(0)),
    async [Symbol.asyncDispose]() {
      for (let thing = things.pop(); thing !== undefined; thing = things.pop()) {
        if (Symbol.asyncDispose in thing) await thing[Symbol.asyncDispose]()
        else thing[Symbol.dispose]()
      }
    },
  }
}
