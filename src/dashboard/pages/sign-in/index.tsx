/** @module Signing in: with name and password, or by a link that holds once. */

import { Page } from '../../parts/page.tsx'
import type { Route } from '../../routes.ts'
import type { User } from '../../session.ts'
import { t } from '../../texts/index.ts'

/** Why a session is over that there was; null: there was none, or its user ended it. */
export type Ended = 'superseded' | 'over' | null

export function SignIn(_: { route: Route; ended: Ended; onSignedIn: (user: User) => void }) {
  return (
    <main class="alone">
      <Page title={t.signIn.title}>…</Page>
    </main>
  )
}
