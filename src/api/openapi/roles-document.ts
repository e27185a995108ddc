/** @module docs/roles.md, made of the rights table and the operations. */
import type { Operation } from '../operation.ts'
import { type Reach, RIGHTS, type Right, ROLES, SCOPES } from '../rights.ts'
import { table } from './markdown-table.ts'

const CELLS: Record<Reach, string> = { none: '–', public: 'public', own: 'own', all: 'all' }

/** The document, in Markdown as the formatter leaves it. */
export function rolesDocument(operations: readonly Operation[]): string {
  const rows = operations.map(({ id, method, path, summary }) => {
    const right: Right = RIGHTS[id]
    return [
      `\`${method} ${path.replace(/:(\w+)/g, '{$1}')}\``,
      summary,
      CELLS[right.anonymous],
      ...ROLES.toReversed().map((role) => CELLS[right[role]]),
      scopeOf(right),
    ]
  })
  const scopes = Object.entries(SCOPES).map(([name, may]) => [`\`${name}\``, may])
  return `# Roles

Made by \`npm run docs\` from the table that the router obeys (\`src/api/rights.ts\`). A test walks every route with every kind of
caller.

- **–** refused: 401 to whom nobody knows, 403 to the others.
- **public** what everybody here may see.
- **own** what belongs to the caller, and what is public. What belongs to somebody else is a 404.
- **all** everybody's, without secrets and private payloads: of somebody else's endpoint only the origin is shown.

The last column is what an API key needs besides the role of its owner; "session" takes no keys, but for the operator's;
"operator" takes nothing but that one.

${table(['route', 'what', 'anonymous', ...ROLES.toReversed(), 'key'], rows)}

## Scopes

${table(['scope', 'a key with it may'], scopes)}

## Beyond the table

- A Moderator blocks and unblocks Users, no Moderators and Administrators.
- Of somebody else's endpoint Moderators and Administrators change \`paused\` only. What a Moderator paused its owner can't resume.
- The last Administrator who can log in can't be blocked, deleted, or given another role.
- Private events are seen by their owner only, whatever the role of others.
- \`ADMIN_KEY\` acts as the first administrator, \`root\`, everywhere: it is the operator's, and no session.
`
}

function scopeOf({ scope }: Right): string {
  if (scope === 'any') return ''
  return scope === 'session' || scope === 'operator' ? scope : `\`${scope}\``
}
