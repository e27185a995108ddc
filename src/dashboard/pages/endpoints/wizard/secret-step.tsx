/** @module The second step: the secret, shown once, and how a receiver uses it. */
import { ShownOnce } from '../../../parts/copy.tsx'
import { t } from '../../../texts/index.ts'
import type { Endpoint } from '../reads.ts'
import { RotateButton } from '../secret.tsx'
import { VerifyCode } from '../verify-code.tsx'

export function SecretStep({
  endpoint,
  secret,
  onSecret,
  next,
}: {
  endpoint: Endpoint
  /** Null: it was shown, and is no longer here. */
  secret: string | null
  onSecret: (secret: string) => void
  next: string
}) {
  const words = t.endpoints.secret
  return (
    <>
      <p>{words.what}</p>
      {secret === null ? (
        <div class="note warn">
          <p>{words.gone}</p>
          <RotateButton id={endpoint.id} overlapSeconds={0} onDone={({ secret: made }) => onSecret(made)} />
        </div>
      ) : (
        <ShownOnce label={words.label} text={secret} />
      )}
      <h3>{words.verifying}</h3>
      <VerifyCode />
      <div class="actions">
        <a class="button primary" href={next}>
          {t.common.next}
        </a>
      </div>
    </>
  )
}
