/** @module Signing in: with name and password, or by a link that holds once; and what leads there: registering, a forgotten password. */

import { linkTo, type Route } from '../../address.ts'
import { Preferences } from '../../parts/preferences.tsx'
import { replace } from '../../routes.ts'
import type { Ended, User } from '../../session.ts'
import { ByLink } from './by-link.tsx'
import { ByPassword } from './by-password.tsx'
import { AskForPassword, AskForVerification } from './mail-forms.tsx'
import { Register } from './register.tsx'
import './style.css'

/** What is only for who is not signed in: once he is, it is no place to stay. */
const VIEWS = ['register', 'forgotten', 'verify'] as const

/** @param route where the reader wants to be: he is there once he has signed in. */
export function SignIn({
  route,
  ended,
  onSignedIn,
}: {
  route: Route
  ended: Ended
  onSignedIn: (user: User) => void
}) {
  const [first, code] = route.path
  const view = VIEWS.find((one) => one === first)
  const signedIn = (user: User) => {
    if (view) replace(linkTo([]))
    onSignedIn(user)
  }
  return (
    <main class="alone">
      <p class="brand">
        <img src="/favicon.svg" alt="" width="32" height="32" /> Tubewire
      </p>
      {first === 'link' ? (
        <ByLink code={code ?? ''} onSignedIn={signedIn} />
      ) : view === 'register' ? (
        <Register />
      ) : view === 'forgotten' ? (
        <AskForPassword />
      ) : view === 'verify' ? (
        <AskForVerification />
      ) : (
        <ByPassword ended={ended} onSignedIn={signedIn} />
      )}
      <Preferences />
    </main>
  )
}
