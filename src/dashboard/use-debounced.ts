/** @module What somebody types, once he pauses: so that not each letter is a request. */
import { useEffect, useState } from 'preact/hooks'

/** The value as it was when it had not changed for so long. */
export function useDebounced<TValue>(value: TValue, delayMs = 400): TValue {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), delayMs)
    return () => clearTimeout(timer)
  }, [value, delayMs])
  return settled
}
