// Why candles are absent and which were revised: asked only where there is something to tell.

import { type Gap, gaps, revisions, type SeriesLine } from '../shared/api'
import { moment } from '../shared/times'
import type { Bar } from './bars'

const MOST = 1000

/** What the server knows of the bars of one series, beside their values. */
export class Absences {
  private known: Gap[] = []

  forget(): void {
    this.known = []
  }

  /** Asks what there is to tell about new bars; true when marks have changed. */
  async learn(series: string, bars: Bar[], line: SeriesLine | undefined): Promise<boolean> {
    const [first, last] = [bars[0], bars.at(-1)]
    if (!first || !last) return false
    const asked = { series, since: first.timestamp, until: last.timestamp + 1, limit: MOST }
    try {
      if (bars.some((bar) => bar.absence && !this.reason(bar))) {
        this.known.push(...(await gaps(asked).once()).gaps)
      }
      return line?.revisions ? mark(bars, (await revisions(asked).once()).revisions) : false
    } catch {
      return false // the values are there; their story is told when the server answers again
    }
  }

  private reason(bar: Bar): Gap | undefined {
    const { absence } = bar
    return absence ? this.known.find((gap) => gap.start_ms < absence.endMs && gap.end_ms > absence.startMs) : undefined
  }

  /** A sentence about a bar where there is one to say. */
  words(bar: Bar, zone: string): string {
    const { absence } = bar
    if (absence) {
      const until = `until ${moment(absence.endMs, zone)}`
      const count = `${absence.candles} ${absence.candles === 1 ? 'candle' : 'candles'} absent ${until}`
      return `${count}. ${this.reason(bar)?.words ?? 'The reason is not known here.'}`
    }
    if (bar.incomplete) return `Not complete: ${bar.incomplete}`
    if (bar.revised > 0) {
      return `Revised ${bar.revised === 1 ? 'once' : `${bar.revised} times`} at the exchange; Enter shows the older values.`
    }
    return ''
  }
}

function mark(bars: Bar[], found: { open_ms: number; versions: unknown[] }[]): boolean {
  const counts = new Map(found.map((one) => [one.open_ms, one.versions.length]))
  for (const bar of bars) bar.revised = counts.get(bar.timestamp) ?? bar.revised
  return counts.size > 0
}
