/** @module Which role somebody has, with what each may do. */
import { SelectField } from '../../parts/form.tsx'
import { t } from '../../texts/index.ts'

const ROLE_IDS = [0, 1, 2] as const

/** @param value of the field. */
export function roleOf(value: string): 0 | 1 | 2 {
  return ROLE_IDS.find((id) => String(id) === value) ?? 2
}

export function RoleField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const { User, Moderator, Administrator } = t.shell.roles
  return (
    <SelectField
      label={t.users.role}
      name="role"
      hint={t.users.roleHints[roleOf(value)]}
      value={value}
      onChange={onChange}
      options={{ 2: User, 1: Moderator, 0: Administrator }}
    />
  )
}
