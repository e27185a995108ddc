/** @module Operations in words. */
import { t } from '../../texts/index.ts'

/** What an operation is called here: an administrator reads what was done, not what a route is called. */
export function actionName(action: string): string {
  return (t.auditLog.actions as Readonly<Record<string, string>>)[action] ?? action
}
