// Pages of candles from the server: the newest, older and newer ones, and those of a stretch of time.

import { type CandlesAnswer, candles, Watched } from '../shared/api'
import { atInterval, lengthOf } from '../shared/intervals'
import { type Bar, barsOf, withAbsences } from './bars'

/** Bars of the first view; the server has this many ready. */
export const FIRST = 500
/** Bars of a page that is loaded on the way. */
const PAGE = 1000
/** A stretch of time that the chart was asked for may hold this many. */
const MOST = 4000

export interface PageOfBars {
  bars: Bar[]
  hasOlder: boolean
  hasNewer: boolean
  answer: CandlesAnswer
}

/** The candles of one series at one interval, page by page. */
export class Pages {
  private readonly series: string
  private readonly watched: Watched<CandlesAnswer>

  constructor(series: string, readonly interval: string) {
    this.series = atInterval(series, interval)
    this.watched = candles({ series: this.series, limit: FIRST })
  }

  /** The newest bars, if they came before they were asked for. */
  take(): PageOfBars | null {
    const answer = this.watched.take()
    return answer && this.page(answer, { hasNewer: false })
  }

  /** The newest bars, or null while they are those that were given before. */
  async newest(): Promise<PageOfBars | null> {
    const answer = await this.watched.get()
    return answer && this.page(answer, { hasNewer: false })
  }

  /** Bars before `first`, up to it and with places for what is absent between. */
  async before(first: Bar): Promise<PageOfBars> {
    const answer = await this.ask({ until: first.timestamp, limit: PAGE })
    const page = this.page(answer, { hasNewer: true })
    return { ...page, bars: withAbsences([...page.bars, first], this.interval).slice(0, -1) }
  }

  /** Bars after `last`, from it on. */
  async after(last: Bar): Promise<PageOfBars> {
    let since = last.timestamp + 1
    for (let reach = PAGE; ; reach = MOST) {
      const until = since + reach * lengthOf(this.interval)
      const hasNewer = until < Date.now()
      const answer = await this.ask({ since, until, limit: MOST })
      since = until
      if (answer.rows.length === 0 && hasNewer) continue // a long stretch without candles
      const page = this.page(answer, { hasNewer })
      return { ...page, bars: withAbsences([last, ...page.bars], this.interval).slice(1) }
    }
  }

  /** The bars of a stretch of time; the newest of them when there are too many. */
  async between(sinceMs: number, untilMs: number): Promise<PageOfBars> {
    const [since, until] = [Math.max(0, Math.floor(sinceMs)), Math.max(1, Math.ceil(untilMs))]
    const answer = await this.ask({ since, until, limit: MOST })
    return { ...this.page(answer, { hasNewer: until < Date.now() }), hasOlder: true }
  }

  private ask(what: { since?: number; until?: number; limit: number }): Promise<CandlesAnswer> {
    return candles({ series: this.series, ...what }).once()
  }

  private page(answer: CandlesAnswer, { hasNewer }: { hasNewer: boolean }): PageOfBars {
    const hasOlder = answer.has_older ?? answer.rows.length >= FIRST
    return { bars: withAbsences(barsOf(answer), this.interval), hasOlder, hasNewer, answer }
  }
}
