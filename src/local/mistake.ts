/** @module What whoever started Tubewire can put right: said in one line, exit code 2. */
export class Mistake extends Error {}

/** The port that was asked for can't be listened on. */
export function takenPort(port: number): Mistake {
  return new Mistake(`port ${port} is taken or not allowed: choose another with --port`)
}
