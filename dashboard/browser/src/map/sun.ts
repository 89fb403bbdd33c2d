// Where the sun stands: the low-precision formulas of J. Meeus, Astronomical Algorithms (2nd ed., chapters 25 and 28), as NOAA's
// Solar Calculator has them. Good to a minute of rise and set between the polar circles, which is more than a map's light needs.

const RAD = Math.PI / 180
const DAY_MS = 86_400_000
/** Zenith of the sun's middle when its upper edge is seen at the horizon, degrees: its radius and the refraction there. */
const RISING = 90.833
/** Elevation at which civil twilight ends, degrees. */
const CIVIL = -6

const sin = (degrees: number) => Math.sin(degrees * RAD)
const cos = (degrees: number) => Math.cos(degrees * RAD)

/** Declination in degrees and equation of time in minutes at a moment (ms since 1970). */
export function orbit(ms: number): { declination: number; equation: number } {
  const t = (ms / DAY_MS - 10_957.5) / 36_525
  const longitude = (280.46646 + t * (36_000.76983 + t * 0.0003032)) % 360
  const anomaly = 357.52911 + t * (35_999.05029 - 0.0001537 * t)
  const eccentricity = 0.016708634 - t * (0.000042037 + 0.0000001267 * t)
  const centre = sin(anomaly) * (1.914602 - t * (0.004817 + 0.000014 * t)) + sin(2 * anomaly) * (0.019993 - 0.000101 * t) + sin(3 * anomaly) * 0.000289
  const node = 125.04 - 1934.136 * t
  const apparent = longitude + centre - 0.00569 - 0.00478 * sin(node)
  const obliquity = 23 + (26 + (21.448 - t * (46.815 + t * (0.00059 - t * 0.001813))) / 60) / 60 + 0.00256 * cos(node)
  const y = Math.tan((obliquity / 2) * RAD) ** 2
  const equation =
    y * sin(2 * longitude) - 2 * eccentricity * sin(anomaly) + 4 * eccentricity * y * sin(anomaly) * cos(2 * longitude) - 0.5 * y * y * sin(4 * longitude) - 1.25 * eccentricity ** 2 * sin(2 * anomaly)
  return { declination: Math.asin(sin(obliquity) * sin(apparent)) / RAD, equation: (4 * equation) / RAD }
}

/** Elevation above the horizon without refraction, and azimuth clockwise from north, degrees. */
export function position(ms: number, lon: number, lat: number): { elevation: number; azimuth: number } {
  const { declination, equation } = orbit(ms)
  const minutes = (((ms / 60_000) % 1440) + equation + 4 * lon + 2880) % 1440
  const hour = minutes / 4 - 180
  const up = sin(lat) * sin(declination) + cos(lat) * cos(declination) * cos(hour)
  const east = -cos(declination) * sin(hour)
  const north = sin(declination) * cos(lat) - cos(declination) * sin(lat) * cos(hour)
  return { elevation: Math.asin(Math.max(-1, Math.min(1, up))) / RAD, azimuth: (Math.atan2(east, north) / RAD + 360) % 360 }
}

/** Sunrise and sunset (ms since 1970) around the solar noon nearest to a moment; null where the sun does not cross the horizon. */
export function day(ms: number, lon: number, lat: number): { rise: number; set: number } | null {
  const noonOf = (at: number) => {
    const noon = (720 - 4 * lon - orbit(at).equation) * 60_000
    return noon + Math.round((ms - noon) / DAY_MS) * DAY_MS
  }
  const noon = noonOf(noonOf(ms))
  const crossing = (side: -1 | 1): number => {
    let at = noon
    for (let round = 0; round < 3; round++) {
      const { declination, equation } = orbit(at)
      const hour = Math.acos((cos(RISING) - sin(lat) * sin(declination)) / (cos(lat) * cos(declination))) / RAD
      at = noon + side * hour * 240_000 - (equation - orbit(noon).equation) * 60_000
    }
    return at
  }
  const [rise, set] = [crossing(-1), crossing(1)]
  return Number.isFinite(rise) && Number.isFinite(set) ? { rise, set } : null
}

export type Phase = 'day' | 'twilight' | 'night'

export function phase(elevation: number): Phase {
  return elevation > 90 - RISING ? 'day' : elevation > CIVIL ? 'twilight' : 'night'
}

/** 0 at night to 1 by day, evenly through the twilight and as far above the horizon. */
export function daylight(elevation: number): number {
  const x = Math.min(1, Math.max(0, (elevation - CIVIL) / (-2 * CIVIL)))
  return x * x * (3 - 2 * x)
}
