/** @module Receivers as a process of their own, so that they have a core of their own. Tells their URLs. */
import { startReceiver } from '../test/simulator/receiver.ts'

const receivers = await Promise.all([startReceiver(), startReceiver(), startReceiver()])
const [good, hanging, failing] = receivers
for (const receiver of receivers) receiver.keep(false)
hanging.answer({ kind: 'hang' })
failing.answer({ status: 500 })
process.send?.({ url: good.url, hanging: hanging.url, failing: failing.url })
process.on('disconnect', () => process.exit())
