// A small note beside the pointer, for sighted use of the mouse; what it says also goes to the page as hoverInfo.

import type { Thing } from './pick'

export class Tooltip {
  private readonly element = document.createElement('div')

  constructor(private readonly host: HTMLElement) {
    this.element.className = 'gc-tip'
    this.element.hidden = true
    this.element.setAttribute('aria-hidden', 'true')
    host.appendChild(this.element)
  }

  show(thing: Thing, x: number, y: number, lines: string[]): void {
    const said = lines.filter(Boolean)
    if (thing.kind === 'none' || !said.length) return this.hide()
    this.element.replaceChildren(
      ...said.map((line, i) => {
        const row = document.createElement(i ? 'span' : 'b')
        row.textContent = line
        return row
      }),
    )
    this.element.hidden = false
    const { clientWidth, clientHeight } = this.host
    const { offsetWidth, offsetHeight } = this.element
    const left = x + 16 + offsetWidth > clientWidth ? x - 14 - offsetWidth : x + 16
    const top = y + 16 + offsetHeight > clientHeight ? y - 12 - offsetHeight : y + 16
    this.element.style.transform = `translate(${Math.max(0, Math.round(left))}px, ${Math.max(0, Math.round(top))}px)`
  }

  hide(): void {
    this.element.hidden = true
  }

  remove(): void {
    this.element.remove()
  }
}
