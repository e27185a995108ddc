/** @module Settings: one's account, how the dashboard looks, and what this Tubewire is. */

import { api, call } from '../../api.ts'
import type { PageProps } from '../../pages.ts'
import { LoadedPart } from '../../parts/loaded.tsx'
import { Page } from '../../parts/page.tsx'
import { Preferences } from '../../parts/preferences.tsx'
import { FIRST_ADMINISTRATOR } from '../../session.ts'
import { t } from '../../texts/index.ts'
import { useLoaded } from '../../use-loaded.ts'
import { AddressForm } from './address.tsx'
import { DeleteAccount } from './delete-account.tsx'
import { PasswordForm } from './password.tsx'
import { Service } from './service.tsx'
import './style.css'

export default function SettingsPage(_: PageProps) {
  const account = useLoaded('account', () => call(api.GET('/api/v1/users/me')))
  return (
    <Page title={t.settings.title}>
      <section class="card">
        <h2>{t.settings.appearance}</h2>
        <Preferences />
      </section>
      <LoadedPart of={account}>
        {(data) => (
          <>
            <div class="grid">
              <PasswordForm account={data} />
              <AddressForm account={data} onDone={account.reload} />
            </div>
            <Service />
            {data.id !== FIRST_ADMINISTRATOR && <DeleteAccount account={data} />}
          </>
        )}
      </LoadedPart>
    </Page>
  )
}
