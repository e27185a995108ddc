/** @module What whoever started Tubewire can put right: said in one line, exit code 2. */
export class Mistake extends Error {}
