/** @module Somebody who listens, in tests: what came, and in what order. */
import { expect } from 'vitest'
import type { Frame } from '../../src/workers/stream-frames.ts'
import type { Outlet } from '../../src/workers/stream-outlet.ts'

/** Takes so much at a time, and remembers in what order it came. */
export class Basket implements Outlet {
  readonly came: number[] = []
  room: number
  constructor(room: number) {
    this.room = room
  }
  hasRoom() {
    return this.room > 0
  }
  waiting() {
    return 0
  }
  narrow() {}
  send({ event }: Frame) {
    expect(this.room).toBeGreaterThan(0)
    this.room -= 1
    this.came.push(event.sequence)
  }
  moveOn() {}
  keepAlive() {}
  isStalled() {
    return false
  }
  end() {}
  abandon() {}
}
