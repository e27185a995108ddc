/** @module Which entries: of whom, and of what. */
import { useState } from 'preact/hooks'
import { linkTo } from '../../address.ts'
import { api, call, type Failure, type Result } from '../../api.ts'
import { Form, SelectField, TextField } from '../../parts/form.tsx'
import { go } from '../../routes.ts'
import { t } from '../../texts/index.ts'
import { actionName } from './action-name.ts'

/** Who did something, as the log names him. */
type Named = { userId: string | null; username: string | null }

/** @param user the id of who is shown; empty: everybody. @param names what was read: names of ids. */
export function Filters({ user, action, names }: { user: string; action: string; names: readonly Named[] }) {
  const known = Object.entries(t.auditLog.actions).toSorted(([, one], [, other]) => one.localeCompare(other))
  // What is newer than this page is offered by its own name while it is shown.
  const options = {
    '': t.auditLog.anything,
    ...Object.fromEntries(known),
    ...(action ? { [action]: actionName(action) } : {}),
  }
  return (
    <div class="columns">
      <SelectField
        label={t.auditLog.what}
        name="action"
        value={action}
        onChange={(value) => go(linkTo(['audit-log'], { user, action: value }))}
        options={options}
      />
      {user === '' ? (
        <UserFilter action={action} />
      ) : (
        <div class="field">
          <p class="chosen">
            {t.auditLog.onlyOf}{' '}
            <strong dir="auto">{names.find(({ userId }) => userId === user)?.username ?? user}</strong>{' '}
            <a href={linkTo(['audit-log'], { action })}>{t.auditLog.ofEverybody}</a>
          </p>
        </div>
      )}
    </div>
  )
}

/** By name: the log is asked by id, which is looked up. */
function UserFilter({ action }: { action: string }) {
  const [name, setName] = useState('')
  const find = async (): Promise<Result<string>> => {
    const wanted = name.trim().toLowerCase()
    const result = await call(api.GET('/api/v1/users', { params: { query: { search: wanted, count: 100 } } }))
    if (!result.ok) return result
    const found = result.data.data.find(({ username }) => username === wanted)
    return found ? { ok: true, data: found.id } : { ok: false, failure: unknown }
  }
  return (
    <div class="user-filter">
      <Form
        submit={t.common.filter}
        send={find}
        onDone={(id) => go(linkTo(['audit-log'], { user: id, action }))}
        explain={({ code }) => (code === unknown.code ? <p role="alert">{t.auditLog.noSuchUser}</p> : null)}
      >
        <TextField label={t.auditLog.who} name="user" value={name} onChange={setName} />
      </Form>
    </div>
  )
}

const unknown: Failure = { status: 0, code: 'unknown_user', detail: '', params: {}, requestId: null }
