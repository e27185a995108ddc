/** @module What the audit log says of an operation: who did what, on what, from where, when. */
import type { AuditEntry } from '../db/audit.ts'
import type { Input } from './operation.ts'
import type { Caller } from './request/caller.ts'

/** The entry of an operation that succeeds. @param target the id of what it is done to. */
export function auditOf(
  {
    caller,
    deps,
    operation,
    requestId,
  }: Pick<Input<unknown, unknown, unknown>, 'caller' | 'deps' | 'operation' | 'requestId'>,
  target: string | null,
): AuditEntry {
  const user = caller.kind === 'anonymous' ? null : caller.user
  return {
    at: deps.clock(),
    userId: user?.id ?? null,
    username: user?.username ?? null,
    via: viaOf(caller),
    address: caller.address,
    action: operation,
    target,
    success: true,
    requestId,
  }
}

function viaOf(caller: Caller): string {
  if (caller.kind === 'key') return caller.id
  return caller.kind === 'user' ? caller.via : 'anonymous'
}
