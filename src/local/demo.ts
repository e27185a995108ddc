/** @module The demo: an instance that publishes, and a receiver that verifies what it is sent. Both are the tests' own simulators. */
import { startInstance } from '../../test/simulator/instance.ts'
import { startReceiver } from '../../test/simulator/receiver.ts'
import type { ApiClient, Instance } from './api-client.ts'

const NAME = 'Tubewire demo'
const RECEIVER = 'Demo receiver: it verifies every signature'
const PATIENCE_MS = 30_000
const LOOK_AGAIN_MS = 100

export type Demo = {
  instanceUrl: string
  receiverUrl: string
  /** Publishes a video. @returns its UUID and name. */
  publish: () => Promise<{ uuid: string; name: string }>
  /** Settles when the receiver has a delivery for a video, with whether its signature was good. */
  received: (uuid: string, timeoutMs: number) => Promise<{ verified: boolean; id: string }>
  close: () => Promise<void>
}
