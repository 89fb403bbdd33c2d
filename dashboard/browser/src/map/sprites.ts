// Symbols drawn once into one canvas: incidents (shape by severity, mark by state; several of them with room for their
// number, and the digits of it), units (picture by kind, ring by status)
// and cameras. Drawn here, so there is no sprite file to fetch.

import { SEVERITY, UNIT_STATUS } from '../palette'

export const CELL = 64
const COLUMNS = 16
/** What a digit takes of the width of its sprite. */
export const DIGIT_WIDTH = 0.5

export type Sprite = { x: number; y: number; width: number; height: number; anchorX: number; anchorY: number; mask: boolean }
type Pen = CanvasRenderingContext2D

const DARK = '#0b1220'

export const UNIT_KINDS = ['grid_worker', 'patrol_car', 'fire_engine', 'ambulance', 'repair_team', 'other'] as const
export type UnitPicture = (typeof UNIT_KINDS)[number]

/** Picture of a kind code: its own, else by a word in it (engine, medic, truck, ...), else a plain dot. */
export function pictureOf(kind: string): UnitPicture {
  const code = kind.toLowerCase()
  if ((UNIT_KINDS as readonly string[]).includes(code)) return code as UnitPicture
  if (/medic|ambul|rescue/.test(code)) return 'ambulance'
  if (/engine|truck|fire|chief/.test(code)) return 'fire_engine'
  if (/patrol|police|traffic|car|vehicle|bus|taxi/.test(code)) return 'patrol_car'
  if (/repair|maint|support|team/.test(code)) return 'repair_team'
  if (/worker|person|leader|foot/.test(code)) return 'grid_worker'
  return 'other'
}

function outline(pen: Pen, severity: number, r: number): void {
  pen.beginPath()
  if (severity === 1) {
    // Diamond.
    pen.moveTo(0, -r)
    pen.lineTo(r, 0)
    pen.lineTo(0, r)
    pen.lineTo(-r, 0)
  } else if (severity === 2) {
    // Triangle.
    pen.moveTo(0, -r * 0.95)
    pen.lineTo(r * 0.95, r * 0.75)
    pen.lineTo(-r * 0.95, r * 0.75)
  } else if (severity === 3) {
    pen.rect(-r * 0.74, -r * 0.74, r * 1.48, r * 1.48)
  } else {
    pen.arc(0, 0, r * 0.8, 0, Math.PI * 2)
  }
  pen.closePath()
}

// Several that stand as one: the shape of the most urgent of them, filled, or hollow and grey when all are closed.
function several(pen: Pen, severity: number, closed: boolean): void {
  pen.lineJoin = 'round'
  outline(pen, severity, 29)
  pen.lineWidth = 5
  pen.strokeStyle = DARK
  pen.stroke()
  pen.fillStyle = closed ? '#aeb9cc' : SEVERITY[severity]!
  pen.fill()
  pen.lineWidth = 3
  pen.strokeStyle = '#ffffff'
  pen.stroke()
}

function digit(pen: Pen, n: number): void {
  pen.fillStyle = DARK
  pen.font = '700 50px "DejaVu Sans", "Noto Sans", Arial, sans-serif'
  pen.textAlign = 'center'
  pen.textBaseline = 'alphabetic'
  pen.fillText(String(n), 0, 18, CELL * DIGIT_WIDTH * 1.05)
}

// State: 0 open (filled, "!"), 1 dispatched (filled, bar), 2 on scene (filled, dot), 3 closed (hollow, grey, tick).
function incident(pen: Pen, severity: number, state: number): void {
  const colour = state === 3 ? '#8b99b3' : SEVERITY[severity]!
  pen.lineJoin = 'round'
  outline(pen, severity, 27)
  pen.lineWidth = 7
  pen.strokeStyle = DARK
  pen.stroke()
  pen.fillStyle = state === 3 ? 'rgba(11,18,32,0.75)' : colour
  pen.fill()
  pen.lineWidth = 3
  pen.strokeStyle = state === 3 ? colour : '#ffffff'
  pen.stroke()
  pen.fillStyle = pen.strokeStyle = state === 3 ? colour : DARK
  const y = severity === 2 ? 4 : 0
  pen.lineWidth = 6
  pen.lineCap = 'round'
  pen.beginPath()
  if (state === 0) {
    pen.moveTo(0, y - 11)
    pen.lineTo(0, y + 2)
    pen.moveTo(0, y + 12)
    pen.lineTo(0, y + 12.1)
    pen.stroke()
  } else if (state === 1) {
    pen.moveTo(-9, y)
    pen.lineTo(9, y)
    pen.stroke()
  } else if (state === 2) {
    pen.arc(0, y, 7.5, 0, Math.PI * 2)
    pen.fill()
  } else {
    pen.lineWidth = 4
    pen.moveTo(-9, y)
    pen.lineTo(-2, y + 7)
    pen.lineTo(10, y - 7)
    pen.stroke()
  }
}

function picture(pen: Pen, kind: UnitPicture): void {
  pen.fillStyle = pen.strokeStyle = '#f4f8ff'
  pen.lineCap = pen.lineJoin = 'round'
  pen.lineWidth = 4
  pen.beginPath()
  if (kind === 'grid_worker') {
    pen.arc(0, -7, 5.5, 0, Math.PI * 2)
    pen.fill()
    pen.beginPath()
    pen.arc(0, 11, 10, Math.PI, 0)
    pen.fill()
  } else if (kind === 'patrol_car') {
    pen.roundRect(-13, -2, 26, 9, 3)
    pen.fill()
    pen.beginPath()
    pen.moveTo(-9, -2)
    pen.lineTo(-6, -9)
    pen.lineTo(6, -9)
    pen.lineTo(9, -2)
    pen.fill()
    for (const x of [-7, 7]) {
      pen.beginPath()
      pen.arc(x, 8, 3.6, 0, Math.PI * 2)
      pen.fill()
    }
  } else if (kind === 'fire_engine') {
    // A flame.
    pen.moveTo(0, -14)
    pen.bezierCurveTo(12, -2, 12, 12, 0, 13)
    pen.bezierCurveTo(-12, 12, -12, 1, -5, -4)
    pen.bezierCurveTo(-4, 0, -2, 1, 0, -14)
    pen.fill()
  } else if (kind === 'ambulance') {
    pen.fillRect(-4, -12, 8, 24)
    pen.fillRect(-12, -4, 24, 8)
  } else if (kind === 'repair_team') {
    pen.lineWidth = 6
    pen.moveTo(-8, 9)
    pen.lineTo(4, -3)
    pen.stroke()
    pen.lineWidth = 5
    pen.beginPath()
    pen.arc(7, -6, 6, Math.PI * 0.05, Math.PI * 1.45)
    pen.stroke()
  } else {
    pen.arc(0, 0, 7, 0, Math.PI * 2)
    pen.fill()
  }
}

function unit(pen: Pen, kind: UnitPicture, status: number): void {
  const look = UNIT_STATUS[status] ?? UNIT_STATUS[5]
  pen.beginPath()
  pen.arc(0, 0, 26, 0, Math.PI * 2)
  pen.fillStyle = '#15233c'
  pen.fill()
  // An edge outside the ring, which would be lost on light ground.
  pen.lineWidth = 11
  pen.strokeStyle = DARK
  pen.stroke()
  pen.lineWidth = 7
  pen.strokeStyle = look.colour
  // The ring says the status without colour too: whole = available, dashes = on the way, double = on scene, thin = out.
  if (status === 1 || status === 2 || status === 4) pen.setLineDash(status === 4 ? [5, 9] : [14, 7])
  if (status === 5) pen.lineWidth = 3
  pen.stroke()
  pen.setLineDash([])
  if (status === 3) {
    pen.beginPath()
    pen.arc(0, 0, 19, 0, Math.PI * 2)
    pen.lineWidth = 2.5
    pen.stroke()
  }
  if (status === 5) pen.globalAlpha = 0.55
  picture(pen, kind)
  pen.globalAlpha = 1
}

function camera(pen: Pen, online: boolean): void {
  pen.lineCap = 'round'
  if (online) {
    pen.beginPath()
    pen.arc(0, 0, 15, 0, Math.PI * 2)
    pen.fillStyle = '#7fc8ff'
    pen.fill()
    pen.lineWidth = 5
    pen.strokeStyle = DARK
    pen.stroke()
  } else {
    for (const [width, colour] of [[15, DARK], [8, '#ff9d7a']] as const) {
      pen.lineWidth = width
      pen.strokeStyle = colour
      pen.beginPath()
      pen.moveTo(-13, -13)
      pen.lineTo(13, 13)
      pen.moveTo(13, -13)
      pen.lineTo(-13, 13)
      pen.stroke()
    }
  }
}

function cameraNear(pen: Pen, online: boolean): void {
  pen.fillStyle = '#15233c'
  pen.strokeStyle = online ? '#7fc8ff' : '#ff9d7a'
  pen.lineWidth = 4
  pen.beginPath()
  pen.arc(0, 0, 24, 0, Math.PI * 2)
  pen.fill()
  pen.stroke()
  pen.fillStyle = pen.strokeStyle
  pen.beginPath()
  pen.roundRect(-13, -8, 18, 16, 3)
  pen.fill()
  pen.beginPath()
  pen.moveTo(6, -2)
  pen.lineTo(14, -8)
  pen.lineTo(14, 8)
  pen.lineTo(6, 2)
  pen.fill()
  if (!online) {
    pen.lineWidth = 5
    pen.lineCap = 'round'
    pen.beginPath()
    pen.moveTo(-17, 17)
    pen.lineTo(17, -17)
    pen.stroke()
  }
}

export type Atlas = { image: HTMLCanvasElement; mapping: Record<string, Sprite> }

/** All symbols: `incident-<severity>-<state>`, `several-<severity>-0|1` (1: all closed), `digit-0..9`, `unit-<picture>-<status>`, `camera-0|1`, `camera-near-0|1`. */
export function atlas(): Atlas {
  const drawings: [string, (pen: Pen) => void][] = []
  for (let severity = 1; severity <= 4; severity++) {
    for (let state = 0; state < 4; state++) drawings.push([`incident-${severity}-${state}`, (pen) => incident(pen, severity, state)])
  }
  for (let severity = 1; severity <= 4; severity++) {
    for (const closed of [false, true]) drawings.push([`several-${severity}-${Number(closed)}`, (pen) => several(pen, severity, closed)])
  }
  for (let n = 0; n < 10; n++) drawings.push([`digit-${n}`, (pen) => digit(pen, n)])
  for (const kind of UNIT_KINDS) {
    for (let status = 0; status < 6; status++) drawings.push([`unit-${kind}-${status}`, (pen) => unit(pen, kind, status)])
  }
  for (const online of [false, true]) {
    drawings.push([`camera-${Number(online)}`, (pen) => camera(pen, online)])
    drawings.push([`camera-near-${Number(online)}`, (pen) => cameraNear(pen, online)])
  }
  const image = document.createElement('canvas')
  image.width = COLUMNS * CELL
  image.height = Math.ceil(drawings.length / COLUMNS) * CELL
  const pen = image.getContext('2d')!
  const mapping: Record<string, Sprite> = {}
  drawings.forEach(([name, draw], i) => {
    const x = (i % COLUMNS) * CELL
    const y = Math.floor(i / COLUMNS) * CELL
    pen.save()
    pen.translate(x + CELL / 2, y + CELL / 2)
    draw(pen)
    pen.restore()
    mapping[name] = { x, y, width: CELL, height: CELL, anchorX: CELL / 2, anchorY: CELL / 2, mask: false }
  })
  return { image, mapping }
}
