/** @module The end of one's own account: asked for by its name, for there is no way back. */
import { useState } from 'preact/hooks'
import { api, call, type Schemas } from '../../api.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { forgetDrafts } from '../../parts/draft.ts'
import { Form, TextField } from '../../parts/form.tsx'
import { useSession } from '../../session.ts'
import { t } from '../../texts/index.ts'

export function DeleteAccount({ account }: { account: Schemas['User'] }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <section class="card">
      <h2>{t.settings.deleteTitle}</h2>
      <p>{t.settings.deleteIntro}</p>
      <button type="button" class="danger" onClick={() => setOpen(true)}>
        {t.settings.delete}
      </button>
      {isOpen && <Question username={account.username} onClose={() => setOpen(false)} />}
    </section>
  )
}

function Question({ username, onClose }: { username: string; onClose: () => void }) {
  const { leave } = useSession()
  const [typed, setTyped] = useState('')
  const isSame = typed.trim() === username
  return (
    <Dialog title={t.settings.deleteQuestionTitle} onClose={onClose}>
      <p>{t.settings.deleteQuestion}</p>
      <Form
        submit={t.settings.deleteConfirm}
        isDangerous
        disabled={!isSame}
        send={() => call(api.DELETE('/api/v1/users/me'))}
        onDone={() => {
          forgetDrafts()
          leave('deleted')
        }}
        more={
          <button type="button" onClick={onClose}>
            {t.common.cancel}
          </button>
        }
      >
        <TextField
          label={t.settings.typeName(username)}
          name="username"
          autocomplete="off"
          value={typed}
          onChange={setTyped}
        />
      </Form>
    </Dialog>
  )
}
