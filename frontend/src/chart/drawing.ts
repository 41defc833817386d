// What a drawing is: a tool and points in time and price, kept by the browser for each symbol.

export interface Tool {
  name: string
  title: string
  /** How many points it takes; null for a line drawn by hand. */
  points: number | null
  icon: string
}

export const TOOLS: readonly Tool[] = [
  { name: 'segment', title: 'Trend line', points: 2, icon: 'M4.5 15.5l11-11M3 15.5a1.5 1.5 0 1 0 3 0 1.5 1.5 0 1 0-3 0M14 4.5a1.5 1.5 0 1 0 3 0 1.5 1.5 0 1 0-3 0' },
  { name: 'rayLine', title: 'Ray', points: 2, icon: 'M5.5 14.5L17 3M3 15.5a1.5 1.5 0 1 0 3 0 1.5 1.5 0 1 0-3 0' },
  { name: 'straightLine', title: 'Extended line', points: 2, icon: 'M3 17L17 3' },
  { name: 'horizontalStraightLine', title: 'Horizontal line', points: 1, icon: 'M3 10h14' },
  { name: 'verticalStraightLine', title: 'Vertical line', points: 1, icon: 'M10 3v14' },
  { name: 'priceLine', title: 'Price line', points: 1, icon: 'M3 10h8M13 7.5h4v5h-4z' },
  { name: 'parallelStraightLine', title: 'Parallel lines', points: 3, icon: 'M3 13L13 3M7 17L17 7' },
  { name: 'priceChannelLine', title: 'Price channel', points: 3, icon: 'M3 12l9-9M3 17L17 3M8 17l9-9' },
  { name: 'fibonacciLine', title: 'Fibonacci levels', points: 2, icon: 'M3 4h14M3 8.5h14M3 12h14M3 16h14' },
  { name: 'note', title: 'Note', points: 1, icon: 'M4 4h12v9h-6l-3.5 3v-3H4z' },
  { name: 'brush', title: 'Freehand', points: null, icon: 'M3 14c3-8 5 4 8-3s4-5 6-6' },
]

const BY_NAME = new Map(TOOLS.map((tool) => [tool.name, tool]))
export const toolOf = (name: string): Tool | undefined => BY_NAME.get(name)

export interface Drawing {
  id: string
  name: string
  /** Open time in milliseconds, and price. */
  points: [number, number][]
  text?: string
}

export const MOST_DRAWINGS = 200
const MOST_STROKE_POINTS = 160
export const LONGEST_NOTE = 120

/** A stroke with so many points that it can be kept: every second is left out until it is. */
export function thinned(points: [number, number][]): [number, number][] {
  if (points.length <= MOST_STROKE_POINTS) return points
  return thinned(points.filter((_, index) => index % 2 === 0 || index === points.length - 1))
}

const isPoint = (one: unknown): one is [number, number] =>
  Array.isArray(one) && one.length === 2 && one.every((part) => typeof part === 'number' && Number.isFinite(part))

/** What of something is a drawing; whatever is not is left out. */
export function drawingsOf(found: unknown): Drawing[] {
  return Array.isArray(found) ? found.flatMap((one) => drawingOf(one) ?? []).slice(0, MOST_DRAWINGS) : []
}

function drawingOf(found: unknown): Drawing | null {
  const { id, name, points, text } = (found ?? {}) as Record<string, unknown>
  const tool = typeof name === 'string' ? toolOf(name) : undefined
  if (!tool || !Array.isArray(points) || !points.every(isPoint)) return null
  if (tool.points === null ? points.length < 2 || points.length > MOST_STROKE_POINTS : points.length !== tool.points) return null
  const note = tool.name === 'note' && typeof text === 'string' ? { text: text.slice(0, LONGEST_NOTE) } : {}
  return { id: typeof id === 'string' && id ? id : newId(), name: tool.name, points: points as [number, number][], ...note }
}

let made = 0
export const newId = (): string => `drawn_${Date.now().toString(36)}_${(made += 1).toString(36)}`

const same = (left: Drawing, right: Drawing): boolean =>
  left.name === right.name && left.text === right.text && JSON.stringify(left.points) === JSON.stringify(right.points)

/** `own` with those of `others` that are not among them. */
export function together(own: readonly Drawing[], others: readonly Drawing[]): Drawing[] {
  const news = others.filter((other) => !own.some((one) => same(one, other)))
  return [...own, ...news.map((one) => ({ ...one, id: newId() }))].slice(0, MOST_DRAWINGS)
}
