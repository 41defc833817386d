// One chart on the page: its series, its bars from the server, its heading, legend and state.

import { type CandlesAnswer, Refused, type SeriesLine } from '../shared/api'
import { atInterval, lengthOf, parseSeries } from '../shared/intervals'
import { part, write } from '../shared/page'
import { Absences } from './absences'
import { type Bar, barOf, isCandle, merge, priceDecimals, type Row } from './bars'
import { CandleChart, type View } from './chart'
import { nameSeries, showLast } from './heading'
import { Legend } from './legend'
import { type PageOfBars, Pages } from './pages'
import { rezoomed } from './zoom'

export interface Surroundings {
  /** The server's clock. */
  now(): number
  zone(): string
  /** The line of a series that is kept, if the server has told. */
  line(series: string): SeriesLine | undefined
  pointed(panel: Panel, at: number | null): void
  /** Something changed that the address holds. */
  changed(panel: Panel): void
  opened(panel: Panel, bar: Bar): void
}

export class Panel {
  readonly chart: CandleChart
  readonly legend: Legend
  /** The series that was chosen; its interval may be smaller than the one that is shown. */
  series = ''
  answer: CandlesAnswer | null = null
  decimals = 0
  lostMs: number | null = null
  refusal: string | null = null
  /** Told of the bar whose values the legend shows. */
  told: ((bar: Bar | null) => void) | null = null
  private heardMs = 0
  /** Where to look once the first bars are there. */
  private goal: View = { at: null, bar: 0 }
  private pages: Pages | null = null
  private readonly absences = new Absences()
  private rezooming = false
  private moving = 0

  constructor(
    readonly root: HTMLElement,
    private readonly around: Surroundings,
  ) {
    this.legend = new Legend(part(root, 'legend'))
    this.chart = new CandleChart(
      part(root, 'chart'),
      {
        older: async (first) => this.supplied(await this.current.before(first)),
        newer: async (last) => this.supplied(await this.current.after(last)),
      },
      {
        pointed: (bar) => {
          this.tell(bar)
          around.pointed(this, bar?.timestamp ?? null)
        },
        moved: () => this.moved(),
        opened: (bar) => around.opened(this, bar),
      },
      () => around.now(),
    )
  }

  private get current(): Pages {
    if (!this.pages) throw new Error('no series was chosen')
    return this.pages
  }

  /** The interval that is on the screen. */
  get shown(): string {
    return this.pages?.interval ?? parseSeries(this.series).interval
  }

  get shownSeries(): string {
    return atInterval(this.series, this.shown)
  }

  get last(): Bar | undefined {
    return this.chart.reachesEnd ? this.chart.bars.findLast(isCandle) : undefined
  }

  /** When something new of what is shown last came; null before the first. */
  get updatedMs(): number | null {
    const ms = Math.max(this.heardMs, this.answer?.updated_ms ?? 0)
    return ms || null
  }

  /** What the address holds of the view: the right edge, and the zoom where it is not the usual. */
  get view(): { at: number | null; bar: number | null } {
    const { at, bar } = this.chart.view
    const own = parseSeries(this.series).interval
    const usual = this.shown === own && Math.abs(bar - this.chart.usualBar) < 0.01
    return { at, bar: usual ? null : (bar * lengthOf(own)) / lengthOf(this.shown) }
  }

  /** Shows another series, or the same at another interval or place. */
  async open(series: string, { at, bar }: { at: number | null; bar: number | null }): Promise<void> {
    const { interval } = parseSeries(series)
    this.series = series
    const start = { interval, bar: bar ?? this.chart.usualBar }
    const zoom = rezoomed(interval, interval, start.bar, this.available()) ?? start
    this.pages = new Pages(series, zoom.interval)
    this.answer = null
    this.heardMs = 0
    this.absences.forget()
    nameSeries(this.root, series)
    this.nameInterval()
    this.goal = { at, bar: zoom.bar }
    const page = at === null ? this.pages.take() : null
    // At once, so that the chart is laid out and drawn a single time.
    if (page) return this.adopt(page, this.goal)
    this.legend.clear()
    this.chart.replace([], this.drawn(), { older: false, newer: false }, null)
    await this.refresh()
  }

  /** Goes to the newest candle, which may have to be loaded again. */
  async latest(): Promise<void> {
    if (this.chart.reachesEnd) this.chart.latest()
    else await this.open(this.series, { at: null, bar: this.view.bar })
  }

  /** Stands the crosshair where it stands in another chart. */
  crossAt(at: number | null): void {
    this.chart.cross.follow(at)
    this.tell(at === null ? null : this.chart.cross.bar)
  }

  close(): void {
    this.pages = null
    this.chart.close()
    this.root.remove()
  }

  private available(): string[] {
    return this.around.line(this.series)?.intervals?.map((one) => one.interval) ?? []
  }

  private nameInterval(): void {
    const { interval } = parseSeries(this.series)
    write(part(this.root, 'interval'), this.shown === interval ? interval : `${interval} → ${this.shown}`)
  }

  private drawn() {
    return { series: this.series, symbol: parseSeries(this.series).symbol, interval: this.shown, decimals: this.decimals }
  }

  /** Asks for what is new. Failures are kept for the state line. */
  async refresh(): Promise<void> {
    const pages = this.pages
    if (!pages) return
    try {
      const first = this.answer === null
      const { goal } = this
      const page = first && goal.at !== null ? await this.stretch(pages, goal) : await pages.newest()
      this.lostMs = null
      this.refusal = null
      if (!page || pages !== this.pages) return
      if (first) this.adopt(page, goal)
      else this.take(page.bars, page.answer)
    } catch (error) {
      this.failed(error)
    }
  }

  /** The bars to both sides of the right edge of a view. */
  private stretch(pages: Pages, { at, bar }: View): Promise<PageOfBars> {
    const width = (part(this.root, 'chart').clientWidth / bar) * lengthOf(pages.interval)
    return pages.between((at as number) - 2 * width, (at as number) + width)
  }

  failed(error: unknown): void {
    if (error instanceof Refused) this.refusal = error.message
    else this.lostMs ??= this.around.now()
  }

  private adopt(page: PageOfBars, view: View | null): void {
    this.answer = page.answer
    this.decimals = priceDecimals(page.answer)
    this.legend.fit(page.bars, this.decimals)
    this.chart.replace(page.bars, this.drawn(), { older: page.hasOlder, newer: page.hasNewer }, view)
    this.settled()
    this.root.dataset['drawn'] = 'true'
    void this.learn()
  }

  private take(bars: Bar[], answer: CandlesAnswer | null): void {
    if (answer) this.answer = answer
    if (!this.chart.reachesEnd) return
    if (this.chart.bars.length === 0 && answer) {
      this.adopt({ bars, answer, hasOlder: answer.has_older ?? false, hasNewer: false }, null)
      return
    }
    this.chart.update(merge(this.chart.bars, bars, this.shown))
    this.settled()
    const since = bars[0]?.timestamp ?? Infinity
    if (answer) void this.learn(this.chart.bars.filter((bar) => bar.timestamp >= since))
  }

  /** A candle that the server pushed. */
  hear(row: Row, columns: readonly string[], closed: boolean, sentMs: number): void {
    this.lostMs = null
    this.heardMs = sentMs
    if (this.answer) this.take([barOf(row, columns, !closed)], null)
  }

  private supplied<T extends PageOfBars>(page: T): T {
    void this.learn(page.bars)
    return page
  }

  /** Asks why candles are absent among bars, and which were revised. */
  async learn(bars: Bar[] = this.chart.bars): Promise<void> {
    const news = await this.absences.learn(this.shownSeries, bars, this.around.line(this.series))
    if (news) this.chart.redraw()
    this.tell(this.chart.cross.bar)
  }

  /** What follows from new bars: headings and legend. */
  private settled(): void {
    if (this.chart.reachesEnd) showLast(this.root, this.last, this.decimals)
    this.tell(this.chart.cross.bar)
    this.root.dataset['empty'] = String(this.chart.bars.length === 0)
  }

  /** The legend of a bar, or of the last one. */
  tell(bar: Bar | null): void {
    const told = bar ?? this.last ?? this.chart.bars.at(-1)
    if (told) this.legend.show(told, this.around.zone())
    else this.legend.clear()
    this.told?.(told ?? null)
    write(part(this.root, 'note'), told ? this.absences.words(told, this.around.zone()) : '')
  }

  private moved(): void {
    cancelAnimationFrame(this.moving)
    this.moving = requestAnimationFrame(() => {
      this.chart.trim()
      void this.rezoom()
      this.around.changed(this)
    })
  }

  /** Shows a larger interval when bars become too narrow, and a smaller one when there is room. */
  private async rezoom(): Promise<void> {
    const sight = this.chart.inSight
    const { interval } = parseSeries(this.series)
    const { at, bar } = this.chart.view
    const next = rezoomed(interval, this.shown, bar, this.available())
    if (!next || !sight || this.rezooming) return
    this.rezooming = true
    try {
      const margin = sight[1] - sight[0]
      const until = at === null ? this.around.now() + lengthOf(next.interval) : sight[1] + margin / 2
      const pages = new Pages(this.series, next.interval)
      const [before, page] = [this.pages, await pages.between(sight[0] - margin / 2, until)]
      if (before !== this.pages || page.bars.length === 0) return
      this.pages = pages
      this.absences.forget()
      const crossed = this.chart.cross.bar?.timestamp
      this.adopt(page, { at, bar: next.bar })
      if (crossed !== undefined) this.crossAt(crossed)
      this.nameInterval()
    } catch (error) {
      this.failed(error)
    } finally {
      this.rezooming = false
    }
  }
}
