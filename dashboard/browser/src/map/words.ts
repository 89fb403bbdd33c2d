// The few words the map says itself. Priorities and states are called what dashboard/i18n.py calls them; a test compares them.

import type { Lang } from '../layers/areas'

const WORDS = {
  zh: {
    map: '辖区三维态势图',
    count: '窗口内', open: '未结', silent: '超时未上报', never: '从未上报', cell: '六边形单元',
    severity: ['', '特急', '紧急', '一般', '常规'],
    state: ['待派', '已派', '到场', '办结'],
    unit: ['可用', '已派', '途中', '到场', '撤离', '停勤'],
    before: '前一时段', unknown: '无可比数据',
    camera: '视频点', online: '在线', offline: '离线', incident: '案件', several: (n: number) => `${n} 起案件`,
    lost: '图形环境丢失，正在恢复…', nogl: '此浏览器不支持 WebGL2，无法显示地图。',
    kinds: { grid_worker: '网格员', patrol_car: '巡逻车', fire_engine: '消防', ambulance: '救护', repair_team: '抢修', other: '力量' },
  },
  en: {
    map: 'Three-dimensional map of the district',
    count: 'in the window', open: 'open', silent: 'silent', never: 'never heard from', cell: 'cell',
    severity: ['', 'Critical', 'Urgent', 'Normal', 'Routine'],
    state: ['Open', 'Dispatched', 'On scene', 'Closed'],
    unit: ['Available', 'Dispatched', 'En route', 'On scene', 'Leaving', 'Out of service'],
    before: 'before', unknown: 'no comparison',
    camera: 'Camera', online: 'online', offline: 'offline', incident: 'Incident', several: (n: number) => `${n} incidents`,
    lost: 'The graphics context was lost, restoring…', nogl: 'This browser has no WebGL2, so the map cannot be shown.',
    kinds: { grid_worker: 'Grid worker', patrol_car: 'Patrol car', fire_engine: 'Fire', ambulance: 'Ambulance', repair_team: 'Repair team', other: 'Unit' },
  },
} as const

export function words(lang: Lang): (typeof WORDS)['zh'] | (typeof WORDS)['en'] {
  return WORDS[lang]
}

const clocks = new Map<string, Intl.DateTimeFormat>()

/** A time of the data (ms since 1970) as hh:mm of a time zone (IANA name); the browser's own zone where none is given or it knows no such name. */
export function clockOf(ms: number, timezone = ''): string {
  let clock = clocks.get(timezone)
  if (!clock) {
    const how = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
    try {
      clock = new Intl.DateTimeFormat('en-GB', timezone ? { ...how, timeZone: timezone } : how)
    } catch {
      clock = new Intl.DateTimeFormat('en-GB', how)
    }
    clocks.set(timezone, clock)
  }
  return Number.isFinite(ms) ? clock.format(ms) : ''
}
