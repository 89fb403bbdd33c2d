// Dash component without a picture: the page's address, as callbacks read and change it.

import { react, type SetProps } from '../react'

export type LocationProps = { id: string; pathname?: string; search?: string; setProps?: SetProps }

export function Location(props: LocationProps): null {
  const { useEffect, useRef } = react()
  const set = useRef(props.setProps)
  set.current = props.setProps
  const { search } = props
  useEffect(() => {
    const tell = () => set.current?.({ pathname: location.pathname, search: location.search })
    tell()
    addEventListener('popstate', tell)
    return () => removeEventListener('popstate', tell)
  }, [])
  // After every drawing, not only after another `search`: scripts replace the address too, and may ask for this one again.
  useEffect(() => {
    if (search !== undefined && search !== location.search) history.pushState({}, '', `${location.pathname}${search}${location.hash}`)
  })
  return null
}
