/** @module Another signing secret, and how long the one before goes on. */
import { useRef, useState } from 'preact/hooks'
import { api, call } from '../../api.ts'
import { exactTime } from '../../format.ts'
import { ShownOnce } from '../../parts/copy.tsx'
import { ConfirmButton } from '../../parts/dialog.tsx'
import { SelectField } from '../../parts/form.tsx'
import { LoadedPart } from '../../parts/loaded.tsx'
import { Page } from '../../parts/page.tsx'
import { t } from '../../texts/index.ts'
import { useLoaded } from '../../use-loaded.ts'
import { readEndpoint } from './reads.ts'
import { Section } from './section.tsx'
import { upTo } from './up-to.ts'
import { VerifyCode } from './verify-code.tsx'

type Rotated = { secret: string; previousUntil: string }

/** @param overlapSeconds how long webhooks are signed with the one before, too; 0: it ends at once. */
export function RotateButton({
  id,
  overlapSeconds,
  onDone,
}: {
  id: string
  overlapSeconds: number
  onDone: (rotated: Rotated) => void
}) {
  const words = t.endpoints.secret
  const made = useRef<Rotated | null>(null)
  return (
    <ConfirmButton
      label={words.rotate}
      title={words.rotateTitle}
      question={<p>{overlapSeconds === 0 ? words.endsAtOnce : words.goesOn}</p>}
      act={async () => {
        const params = { path: { id } }
        const result = await call(
          api.POST('/api/v1/endpoints/{id}/rotate-secret', { params, body: { overlapSeconds } }),
        )
        made.current = result.ok ? result.data : null
        return result
      }}
      onDone={() => {
        if (made.current) onDone(made.current)
        made.current = null
      }}
    />
  )
}

/** `#/endpoints/ID/secret` */
export function SecretPage({ id }: { id: string }) {
  const words = t.endpoints.secret
  const endpoint = useLoaded(`endpoint ${id}`, () => readEndpoint(id))
  const [overlap, setOverlap] = useState('86400')
  const [rotated, setRotated] = useState<Rotated | null>(null)
  return (
    <Page title={words.title} up={upTo(id, endpoint.data)}>
      <LoadedPart of={endpoint}>
        {() => (
          <>
            <section class="card">
              <p>{words.what}</p>
              {rotated && (
                <>
                  <ShownOnce label={words.label} text={rotated.secret} />
                  <p role="status">{words.previousUntil(exactTime(rotated.previousUntil))}</p>
                </>
              )}
              <SelectField
                label={words.overlap}
                name="overlapSeconds"
                hint={words.overlapHint}
                value={overlap}
                onChange={setOverlap}
                options={words.overlaps}
              />
              <RotateButton id={id} overlapSeconds={Number(overlap)} onDone={setRotated} />
            </section>
            <Section title={words.verifying}>
              <VerifyCode />
            </Section>
          </>
        )}
      </LoadedPart>
    </Page>
  )
}
