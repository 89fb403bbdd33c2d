// Units as the page's board reads them: who is in the frames with which status, told when a status changes and not when somebody moves.

import { channel } from '../bus'
import { UNIT_STATUS } from '../palette'
import type { Table } from '../tables'
import { numbers } from './points'

export type UnitRow = { id: string; status: string; at: number; lon: number; lat: number }

export class UnitRows {
  private readonly held = new Map<string, number>()

  /** Those whose status is another than before, or who are new; nobody is forgotten that left the frames for a while. */
  changed(table: Table): UnitRow[] {
    const keys = table.cols.key as string[]
    const status = numbers(table, 'status')
    const out: UnitRow[] = []
    for (let at = 0; at < table.n; at++) {
      const id = keys[at]!
      const now = status[at]!
      if (this.held.get(id) === now) continue
      this.held.set(id, now)
      out.push({ id, status: (UNIT_STATUS[now] ?? UNIT_STATUS[0]).code, at: numbers(table, 'at')[at]!, lon: numbers(table, 'lon')[at]!, lat: numbers(table, 'lat')[at]! })
    }
    return out
  }
}

/** Tells whose status changed in what the Stream `stream` receives; first everybody. */
export function watchUnits(stream: string, told: (changed: UnitRow[]) => void): () => void {
  const rows = new UnitRows()
  return channel(stream).subscribe((update) => {
    const table = update.tables.units
    if (!table || !update.changes.units) return
    const changed = rows.changed(table)
    if (changed.length) told(changed)
  })
}

/** Tells where one unit is in what the Stream `stream` receives, whenever that changed. A unit that left the frames tells nothing. */
export function followUnit(stream: string, id: string, told: (unit: { id: string; lon: number; lat: number; at: number }) => void): () => void {
  let last = ''
  return channel(stream).subscribe((update) => {
    const table = update.tables.units
    if (!table) return
    const row = (table.cols.key as string[]).indexOf(id)
    if (row < 0) return
    const [lon, lat, at] = [numbers(table, 'lon')[row]!, numbers(table, 'lat')[row]!, numbers(table, 'at')[row]!]
    const now = `${lon} ${lat}`
    if (now === last) return
    last = now
    told({ id, lon, lat, at })
  })
}
