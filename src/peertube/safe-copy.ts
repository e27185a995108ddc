/** @module A copy of what an instance sent, when its shape is not known: as much of it as can be kept safely. */
import { clean } from './fields.ts'

const MAX_DEPTH = 6
const MAX_TEXT_LENGTH = 1_000
const MAX_ITEMS = 50
const MAX_KEYS = 100
const MAX_KEY_LENGTH = 100
/** Of JSON, in all: a notification takes less than one. */
const MAX_LENGTH = 8_000
/** Names of every object's ancestry: set by a careless copy, they change what all objects are. */
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype'])

/**
 * Copies a value of JSON. What is too deep is null, long texts and lists are cut, and what comes after some 8,000 characters is
 * left out.
 */
export function safeCopy(value: unknown): unknown {
  return copy(value, MAX_DEPTH, { left: MAX_LENGTH })
}

/** @param depth how many levels of objects and lists may follow. @param room of JSON; what is copied takes from it. */
function copy(value: unknown, depth: number, room: { left: number }): unknown {
  if (typeof value === 'object' && value !== null) {
    room.left -= '[],'.length
    if (depth === 0) return null
    return Array.isArray(value) ? copyList(value, depth, room) : copyObject(value, depth, room)
  }
  const leaf = copyLeaf(value)
  room.left -= JSON.stringify(leaf).length + 1
  return leaf
}

function copyLeaf(value: unknown): string | number | boolean | null {
  if (typeof value === 'string') return clean(value, MAX_TEXT_LENGTH)
  // JSON's 1e999 is infinite when it is read, and can't be written.
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  return typeof value === 'boolean' ? value : null
}

function copyList(list: readonly unknown[], depth: number, room: { left: number }): unknown[] {
  const copied: unknown[] = []
  for (const item of list.slice(0, MAX_ITEMS)) {
    if (room.left <= 0) break
    copied.push(copy(item, depth - 1, room))
  }
  return copied
}

function copyObject(object: object, depth: number, room: { left: number }): Record<string, unknown> {
  const copied: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(object).slice(0, MAX_KEYS)) {
    if (room.left <= 0) break
    if (FORBIDDEN_KEYS.has(key) || key !== clean(key, MAX_KEY_LENGTH)) continue
    room.left -= JSON.stringify(key).length + 1
    copied[key] = copy(item, depth - 1, room)
  }
  return copied
}
