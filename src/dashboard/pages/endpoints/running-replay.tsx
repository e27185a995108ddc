/** @module The replay that an endpoint is being sent, if there is one. */
import { useLoaded } from '../../use-loaded.ts'
import { readReplays } from './reads.ts'
import { ReplayProgress } from './replay-progress.tsx'

export function RunningReplay({ id, onDone }: { id: string; onDone: () => void }) {
  const { data } = useLoaded(`replays ${id}`, () => readReplays(id))
  const running = data?.data.find(({ state }) => state === 'running')
  return running ? <ReplayProgress id={id} replayId={running.id} onDone={onDone} /> : null
}
