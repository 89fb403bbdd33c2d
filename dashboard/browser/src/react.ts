// React comes from the page (Dash loads it), looked up when a component is drawn: the order of scripts does not matter.

import type * as ReactType from 'react'

export function react(): typeof ReactType {
  return (window as unknown as { React: typeof ReactType }).React
}

export type SetProps = (props: Record<string, unknown>) => void

/** `value` as text, for effects that must run when the content changes and not when only the object does. */
export function text(value: unknown): string {
  return JSON.stringify(value ?? null)
}
