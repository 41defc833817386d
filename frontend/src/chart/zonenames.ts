// Time zones by name, and how far their clocks are ahead.

/** `UTC+1`, `UTC−3:30` */
export function aheadOf(ms: number): string {
  const minutes = Math.round(Math.abs(ms) / 60_000)
  if (minutes === 0) return 'UTC'
  const rest = minutes % 60 ? `:${String(minutes % 60).padStart(2, '0')}` : ''
  return `UTC${ms < 0 ? '−' : '+'}${Math.floor(minutes / 60)}${rest}`
}

/** Zones whose names hold all words of what was typed; those that begin with it first. */
export function matching(zones: readonly string[], asked: string): string[] {
  const words = asked.toLowerCase().split(/[\s_/]+/).filter(Boolean)
  const found = zones.filter((zone) => words.every((word) => zone.toLowerCase().includes(word)))
  const city = (zone: string): string => zone.split('/').at(-1)?.toLowerCase() ?? ''
  const first = (zone: string): number => (words[0] && city(zone).startsWith(words[0]) ? 0 : 1)
  return found.sort((left, right) => first(left) - first(right))
}
