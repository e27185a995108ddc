/** @module The last step: an event that is seen to arrive. */
import { t } from '../../../texts/index.ts'
import type { Endpoint } from '../reads.ts'
import { TestEvent } from '../test-event.tsx'
import { linkToStep } from './steps.ts'

export function TestStep({ endpoint, next }: { endpoint: Endpoint; next: string }) {
  return (
    <>
      {endpoint.verifiedAt === null ? (
        <p class="note warn">
          {t.endpoints.test.notVerified}{' '}
          <a href={linkToStep('verify', endpoint.id)}>{t.endpoints.wizard.titles.verify}</a>
        </p>
      ) : (
        <>
          <p>{t.endpoints.test.what}</p>
          <TestEvent endpoint={endpoint} />
        </>
      )}
      <div class="actions">
        <a class="button" href={next}>
          {t.endpoints.wizard.done}
        </a>
      </div>
    </>
  )
}
