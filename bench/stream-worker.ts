/** @module The object of the streams, which can also open a stream and do nothing else: the baseline of what one takes of memory. */
import { StreamHub as RealHub } from '../src/workers/stream-hub.ts'

const BARE = 'https://stream/bare'

export class StreamHub extends RealHub {
  override async fetch(request: Request): Promise<Response> {
    return request.url === BARE ? new Response(endless()) : super.fetch(request)
  }
}

/** A stream from an object, passed on: the least that one can do. */
export async function bareStream({ STREAM_HUB }: Env): Promise<Response> {
  const { body } = await STREAM_HUB.getByName('bare').fetch(BARE)
  return new Response(body)
}

function endless(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode(':\n\n')) })
}
