/** @module The third step: whether the target wants this. */
import { t } from '../../../texts/index.ts'
import type { Endpoint } from '../reads.ts'
import { Verification } from '../verification.tsx'

export function VerifyStep({
  endpoint,
  onChanged,
  reload,
  next,
}: {
  endpoint: Endpoint
  onChanged: (endpoint: Endpoint) => void
  reload: () => void
  next: string
}) {
  const isVerified = endpoint.verifiedAt !== null
  return (
    <>
      <p>{t.endpoints.verification.what}</p>
      <Verification endpoint={endpoint} onChanged={onChanged} reload={reload} />
      <div class="actions">
        <a class={isVerified ? 'button primary' : 'button'} href={next}>
          {isVerified ? t.common.next : t.endpoints.verification.later}
        </a>
      </div>
    </>
  )
}
