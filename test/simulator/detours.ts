/** @module What happens to a request before the instance itself sees it: a fault, a scripted answer, a move to elsewhere. */
import type { ServerResponse } from 'node:http'
import { type Fault, misbehave } from './faults.ts'

/** An answer that is sent exactly so. */
export type Scripted = {
  status?: number
  /** A string is sent as it is, anything else as JSON. */
  body: unknown
  headers?: Record<string, string>
  /** How many requests; for ever by default. */
  times?: number
}

/** All detours of an instance. None of them counts against its limits. */
export class Detours {
  #faults: Fault[] = []
  #scripted: (Scripted & { path: string })[] = []
  #movedTo: string | null = null

  fail(fault: Fault): void {
    this.#faults.push({ ...fault })
  }

  /** The latest for a path comes first. */
  answerWith(path: string, scripted: Scripted): void {
    this.#scripted.unshift({ ...scripted, path })
  }

  /** @param origin null: it is here again. */
  moveTo(origin: string | null): void {
    this.#movedTo = origin
  }

  /** Ends faults and scripted answers. */
  heal(): void {
    this.#faults = []
    this.#scripted = []
  }

  /** @returns whether the request took one of them. */
  take({ pathname, search }: URL, response: ServerResponse): boolean {
    if (this.#movedTo !== null) {
      response.writeHead(308, { location: this.#movedTo + pathname + search }).end()
      return true
    }
    const concerns = ({ path = '/', times = 1 }: { path?: string; times?: number }) =>
      pathname.startsWith(path) && times > 0
    const fault = this.#faults.find(concerns)
    if (fault?.skip) fault.skip -= 1
    else if (fault) {
      if (fault.times !== undefined) fault.times -= 1
      misbehave(fault, response)
      return true
    }
    const scripted = this.#scripted.find(concerns)
    if (!scripted) return false
    if (scripted.times !== undefined) scripted.times -= 1
    const { status = 200, body, headers } = scripted
    const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
    const type = { 'content-type': 'application/json; charset=utf-8' }
    response.writeHead(status, { ...type, 'content-length': bytes.length, ...headers }).end(bytes)
    return true
  }
}
