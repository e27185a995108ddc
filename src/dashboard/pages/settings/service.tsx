/** @module What this Tubewire is and allows; and where an administrator changes it. */
import { api, call } from '../../api.ts'
import { number } from '../../format.ts'
import { LoadedPart } from '../../parts/loaded.tsx'
import { Table } from '../../parts/table.tsx'
import { useCan } from '../../session.ts'
import { t } from '../../texts/index.ts'
import { useLoaded } from '../../use-loaded.ts'

type Config = {
  signup: { allowed: boolean; requiresApproval: boolean }
  limits: Record<keyof typeof LIMIT_VARIABLES, { requests: number; seconds: number }>
}

/** As docs/configuration.md has them. */
const LIMIT_VARIABLES = {
  api: 'RATE_LIMIT_API',
  token: 'RATE_LIMIT_TOKEN',
  register: 'RATE_LIMIT_REGISTER',
  verifyEmail: 'RATE_LIMIT_VERIFY_EMAIL',
} as const

export function Service() {
  // Who sees what it sends, looks after the service.
  const isOperator = useCan()('seeMails')
  const config = useLoaded('config', () => call(api.GET('/api/v1/config')))
  return (
    <section class="card">
      <h2>{t.settings.serviceTitle}</h2>
      <LoadedPart of={config}>
        {(data) => (
          <>
            <p>
              {t.settings.version} <strong>{data.serverVersion}</strong>
            </p>
            {isOperator && <Variables config={data} />}
          </>
        )}
      </LoadedPart>
      <h3>{t.settings.apiTitle}</h3>
      <p>{t.settings.apiIntro}</p>
      <ul class="links">
        <li>
          <a href="/api/docs">{t.shell.reference}</a>
        </li>
        <li>
          <a href="/api/v1/openapi.json" download="tubewire-openapi-3.1.json">
            {t.settings.openApi('3.1')}
          </a>
        </li>
        <li>
          <a href="/api/v1/openapi.json?version=3.0" download="tubewire-openapi-3.0.json">
            {t.settings.openApi('3.0')}
          </a>
        </li>
      </ul>
    </section>
  )
}

/** What the configuration says, each with the name that it has there. */
function Variables({ config: { signup, limits } }: { config: Config }) {
  const signupIs = signup.allowed ? (signup.requiresApproval ? 'approval' : 'open') : 'closed'
  const rows = [
    {
      variable: 'SIGNUP',
      value: signupIs,
      says: t.settings.signups[signupIs],
    },
    // The keys of a constant object, and no others.
    ...(Object.keys(LIMIT_VARIABLES) as (keyof typeof LIMIT_VARIABLES)[]).map((name) => {
      const { requests, seconds } = limits[name]
      return {
        variable: LIMIT_VARIABLES[name],
        value: `${requests}/${seconds}`,
        says: t.settings.limits[name](number(requests), number(seconds)),
      }
    }),
  ]
  return (
    <>
      <p>{t.settings.variablesIntro}</p>
      <Table
        caption={t.settings.variables}
        keyOf={({ variable }) => variable}
        rows={rows}
        columns={[
          { title: t.settings.variable, cell: ({ variable }) => <code>{variable}</code> },
          { title: t.settings.value, cell: ({ value }) => <code>{value}</code> },
          { title: t.settings.meaning, cell: ({ says }) => says },
        ]}
      />
      <p class="after-table">{t.settings.changeWhere}</p>
    </>
  )
}
