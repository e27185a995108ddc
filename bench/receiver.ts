/** @module The receiver as a process of its own, so that it has a core of its own. Prints its URL, and its count when asked. */
import { startReceiver } from '../test/simulator/receiver.ts'

const receiver = await startReceiver()
receiver.keep(false)
process.send?.({ url: receiver.url })
process.on('message', () => process.send?.({ count: receiver.count() }))
process.on('disconnect', () => process.exit())
