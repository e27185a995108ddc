/** @module Signing in by a link that holds once. */
import { useEffect, useState } from 'preact/hooks'
import { linkTo } from '../../address.ts'
import type { Failure } from '../../api.ts'
import { Loading } from '../../parts/loaded.tsx'
import { Page } from '../../parts/page.tsx'
import { replace } from '../../routes.ts'
import type { User } from '../../session.ts'
import { t } from '../../texts/index.ts'
import { signInWith } from './prove.ts'
import { Refusal } from './refusal.tsx'

/** Uses the link up at once: that is what it was opened for. */
export function ByLink({ code, onSignedIn }: { code: string; onSignedIn: (user: User) => void }) {
  const [failure, setFailure] = useState<Failure | null>(null)
  useEffect(() => {
    let isOver = false
    // Out of the address, and of the history with it: it is of no more use to anybody.
    history.replaceState(null, '', linkTo([]))
    signInWith({ code }).then((result) => {
      if (isOver) return
      if (!result.ok) return setFailure(result.failure)
      replace(linkTo([]))
      onSignedIn(result.data)
    })
    return () => {
      isOver = true
    }
    // Once: what it is called with is made anew each time that something else changes.
  }, [code])
  return (
    <Page title={t.signIn.title}>
      {failure ? (
        <>
          <Refusal failure={failure} />
          <p>
            <button type="button" onClick={() => replace(linkTo([]))}>
              {t.signIn.withPassword}
            </button>
          </p>
        </>
      ) : (
        <Loading />
      )}
    </Page>
  )
}
