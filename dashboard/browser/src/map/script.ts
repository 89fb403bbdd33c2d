// Scripts that only some pages need: they lie beside the one that this is part of.

/** Where this script came from. */
const HERE = typeof document === 'undefined' ? '' : ((document.currentScript as HTMLScriptElement | null)?.src ?? '')
const asked = new Map<string, Promise<unknown>>()

/** What a script puts on the window under `name`, fetched once; asked for again after it could not be had. */
export function fetched<T>(file: string, name: string): Promise<T> {
  let wait = asked.get(file)
  if (!wait) {
    wait = new Promise((done, failed) => {
      const element = document.createElement('script')
      element.src = new URL(file, HERE || location.href).href
      element.onload = () => done((window as unknown as Record<string, unknown>)[name])
      element.onerror = () => {
        asked.delete(file)
        failed(new Error(`${element.src} cannot be had`))
      }
      document.head.appendChild(element)
    })
    asked.set(file, wait)
  }
  return wait as Promise<T>
}
