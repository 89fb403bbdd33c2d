// Colours: continuous scales that a colour-blind eye reads (cividis, viridis) and Okabe-Ito for kinds. Never colour alone.

export type Rgb = readonly [number, number, number]

// Nine even stops of matplotlib's tables (Nuñez et al. 2018 for cividis; van der Walt and Smith 2015 for viridis).
const CIVIDIS = ['#00224e', '#123570', '#3b496c', '#575d6d', '#707173', '#8a8678', '#a59c74', '#c3b369', '#fee838']
const VIRIDIS = ['#440154', '#472d7b', '#3b528b', '#2c728e', '#21918c', '#28ae80', '#5ec962', '#addc30', '#fde725']

// From the largest fall to the largest rise, dark in the middle: purple and green, which deuteranopes, protanopes and tritanopes
// tell apart (after ColorBrewer's PRGn, turned round for dark screens). dashboard/theme.py has the same; a test measures them.
const DIFFERENCE = ['#86e2a8', '#50bb7e', '#3a9766', '#2f6650', '#39435a', '#6f4f86', '#a067b8', '#cd8be0', '#f0b8ff']
// On light ground the middle is light and both arms grow darker: the hues mean the same.
const DIFFERENCE_LIGHT = ['#004d20', '#0f6f3c', '#388a58', '#8cc2a0', '#dde3ea', '#d0a9e4', '#a85ccb', '#8a3cae', '#6a1489']

export type ScaleName = 'cividis' | 'viridis' | 'difference'
export const SCALES: Readonly<Record<ScaleName, readonly string[]>> = {
  cividis: CIVIDIS,
  viridis: VIRIDIS,
  get difference() {
    return themeName() === 'light' ? DIFFERENCE_LIGHT : DIFFERENCE
  },
}

export function rgb(hex: string): Rgb {
  const value = Number.parseInt(hex.slice(1), 16)
  return [value >> 16, (value >> 8) & 255, value & 255]
}

/** Colour at t in 0..1, as #rrggbb. */
export function colourAt(scale: ScaleName, t: number): string {
  const stops = SCALES[scale]
  const at = Math.min(Math.max(t, 0), 1) * (stops.length - 1)
  const low = Math.min(Math.floor(at), stops.length - 2)
  const a = rgb(stops[low]!)
  const b = rgb(stops[low + 1]!)
  return `#${a.map((c, i) => Math.round(c + (b[i]! - c) * (at - low)).toString(16).padStart(2, '0')).join('')}`
}

/** `over` at an opacity of 0..1 upon `under`, as it is seen. */
export function upon(over: Rgb, opacity: number, under: Rgb): string {
  return `#${over.map((c, i) => Math.round(Math.min(255, c) * opacity + under[i]! * (1 - opacity)).toString(16).padStart(2, '0')).join('')}`
}

export const OKABE_ITO = {
  orange: '#e69f00',
  sky: '#56b4e9',
  green: '#009e73',
  yellow: '#f0e442',
  blue: '#0072b2',
  vermillion: '#d55e00',
  purple: '#cc79a7',
  grey: '#9aa7bd',
} as const

/** Severity 1 (most urgent) .. 4 (routine): colour; the shape and size are in layers/incidents.ts. */
export const SEVERITY = ['', OKABE_ITO.vermillion, OKABE_ITO.orange, OKABE_ITO.yellow, OKABE_ITO.sky] as const

/** UnitStatus in the order of data/records.py. */
export const UNIT_STATUS = [
  { code: 'available', colour: OKABE_ITO.green },
  { code: 'dispatched', colour: OKABE_ITO.yellow },
  { code: 'en_route', colour: OKABE_ITO.orange },
  { code: 'on_scene', colour: OKABE_ITO.vermillion },
  { code: 'leaving', colour: OKABE_ITO.sky },
  { code: 'out_of_service', colour: OKABE_ITO.grey },
] as const

const DARK = {
  background: '#0b1220',
  land: '#101c31',
  water: '#123a66',
  road: '#26344d',
  roadMajor: '#35476a',
  outline: '#4da3ff',
  border: '#56759f',
  borderHover: '#9fd0ff',
  focus: '#a9d4ff',
  selected: '#ffffff',
  label: '#dbe7fb',
  labelHalo: '#0b1220',
  count: '#8fd3ff',
  hatch: '#f0b429',
  leg: '#d6e4fa',
  wedge: '#7fc8ff',
  closed: '#8b99b3',
  /** What is small and has no edge of its own, by severity and by status of a unit. */
  dots: SEVERITY as readonly string[],
  trails: UNIT_STATUS.map((status) => status.colour) as readonly string[],
  /** Tiles that lie beneath. */
  ground: '#0f1a2d',
  green: '#11233a',
  building: '#1b2a44',
  other: '#26385a',
  street: '#9fb0cc',
}

const LIGHT: typeof DARK = {
  background: '#d9e0ea',
  land: '#edf1f6',
  water: '#b3d2ec',
  road: '#d3dbe6',
  roadMajor: '#b4c1d2',
  outline: '#1a6bb5',
  border: '#7088ab',
  borderHover: '#0a5f9e',
  focus: '#0a4f8c',
  selected: '#0b1220',
  label: '#17233a',
  labelHalo: '#ffffff',
  count: '#0a5f9e',
  hatch: '#a06400',
  leg: '#33435f',
  wedge: '#0d6eb6',
  closed: '#56637c',
  dots: ['', '#b83c00', '#8f6200', '#7c6c00', '#0d6eb6'],
  trails: ['#007a52', '#7c6c00', '#8f6200', '#b83c00', '#0d6eb6', '#56637c'],
  ground: '#edf1f6',
  green: '#dfebdd',
  building: '#dbe2ec',
  other: '#c3cedd',
  street: '#44536e',
}

/** The document says which theme it has: every script of a page asks it, and none has to be told. */
export function themeName(): 'dark' | 'light' {
  return typeof document !== 'undefined' && document.documentElement.dataset.theme === 'light' ? 'light' : 'dark'
}

/** Colours of the map in the theme that the page has now. */
export const THEME = new Proxy(DARK, { get: (dark, name) => (themeName() === 'light' ? LIGHT : dark)[name as keyof typeof DARK] }) as Readonly<typeof DARK>
