// Views as URL queries. The mirror of `View.query` in layers/view.py, for one question: do two queries name the same view?

const KNOWN = ['heat', 'areas', 'incidents', 'units', 'cameras', 'queue']
/** Those of a view that names none: the map's. */
const LAYERS = KNOWN.slice(0, -1)

const DEFAULTS: Record<string, string> = {
  area: '',
  level: '',
  layers: LAYERS.join(','),
  measure: 'reported',
  window: '24h',
  category: '',
  source: '',
  severity: '0',
  res: '0',
  panel: '1',
  timeline: 'live',
  replay: '',
  compare: '0',
  days: '0',
}

/** The query with its keys in one order, defaults and unknown keys left out. */
export function canonical(query: string): string {
  const asked = new URLSearchParams(query)
  const out = new URLSearchParams()
  for (const [key, usual] of Object.entries(DEFAULTS)) {
    let value = asked.get(key)
    if (value === null) continue
    if (key === 'layers') {
      const names = value.split(',')
      value = KNOWN.filter((name) => names.includes(name)).join(',')
    } else if (key === 'panel') value = value === '0' ? '0' : '1'
    else if (key === 'compare' || key === 'days') value = value === '1' ? '1' : '0'
    else if (value === '') continue
    if (value !== usual) out.set(key, value)
  }
  return out.toString()
}
