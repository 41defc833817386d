// Puts the page together: asks the server, and hands what it says to the parts that show it.

import './styles/home.css'
import { type CandlesAnswer, candlesOf, marketCapsOf, Refused, type Status, statusOf, type Watched } from './shared/api'
import { type Bar, barsOf, priceDecimals } from './chart/bars'
import { MarketCapCard } from './market/card'
import { CandleChart } from './chart/chart'
import { nameSeries, showLast } from './chart/heading'
import { Legend } from './chart/legend'
import { element, write } from './shared/page'
import { Poll } from './shared/poll'
import { say } from './chart/state'
import { wireHeader } from './shared/nav'
import { countdown, moment } from './shared/times'

const CANDLES_EVERY_MS = 4_000
const CAPS_EVERY_MS = 30_000

class Page {
  private series = ''
  private bars: Bar[] = []
  private answer: CandlesAnswer | null = null
  private status: Status | null = null
  private skewMs = 0
  private lostMs: number | null = null
  private refusal: string | null = null
  private candles: Watched<CandlesAnswer> | null = null
  private readonly legend = new Legend()
  private readonly caps = new MarketCapCard()
  private readonly chart = new CandleChart(
    element('chart'),
    () => this.now(),
    (bar) => this.pointed(bar),
  )
  private readonly statusWatch = statusOf()
  private readonly capsWatch = marketCapsOf()
  private readonly candlePoll = new Poll(CANDLES_EVERY_MS, () => this.refresh())
  private readonly capsPoll = new Poll(CAPS_EVERY_MS, () => this.refreshCaps())

  async start(): Promise<void> {
    this.wire()
    const series = this.first()
    if (series) this.choose(series)
    await this.caps.load()
    this.capsPoll.now()
  }

  private now(): number {
    return Date.now() + this.skewMs
  }

  private wire(): void {
    const { zoomIn, zoomOut, fit, latest } = this.chart
    const buttons = { 'zoom-in': zoomIn, 'zoom-out': zoomOut, fit, latest }
    for (const [id, action] of Object.entries(buttons)) element(id).addEventListener('click', action)
    element<HTMLSelectElement>('series').addEventListener('change', (event) =>
      this.choose((event.target as HTMLSelectElement).value),
    )
    wireHeader(() => {
      this.chart.recolour()
      this.caps.recolour()
    })
    setInterval(() => this.say(), 1000)
  }

  /** The series in the address, if it is kept, else the first. */
  private first(): string {
    const select = element<HTMLSelectElement>('series')
    const asked = new URL(location.href).searchParams.get('series') ?? ''
    const known = [...select.options].some((option) => option.value === asked)
    if (known) select.value = asked
    return select.value
  }

  private choose(series: string): void {
    const url = new URL(location.href)
    if (this.series && series !== this.series) {
      url.searchParams.set('series', series)
      history.replaceState(null, '', url)
    }
    this.series = series
    this.answer = null
    this.bars = []
    nameSeries(series)
    this.legend.clear()
    this.candles = candlesOf(series)
    this.candlePoll.now()
  }

  private async refresh(): Promise<void> {
    const asked = this.series
    if (!asked) return
    try {
      const [answer, status] = await Promise.all([this.candles?.get(), this.statusWatch.get()])
      this.lostMs = null
      this.refusal = null
      if (status) this.heard(status)
      if (answer && asked === this.series) this.show(answer)
    } catch (error) {
      this.failed(error)
    }
    if (asked !== this.series) setTimeout(() => this.candlePoll.now())
    this.say()
  }

  private heard(status: Status): void {
    this.status = status
    this.skewMs = status.now_ms - Date.now()
  }

  private failed(error: unknown): void {
    if (error instanceof Refused) this.refusal = error.message
    else this.lostMs ??= this.now()
  }

  private show(answer: CandlesAnswer): void {
    const decimals = priceDecimals(answer)
    this.answer = answer
    this.bars = barsOf(answer)
    this.legend.fit(this.bars, decimals)
    const { series, symbol, interval } = answer
    this.chart.show(this.bars, { series, symbol, interval, decimals })
    showLast(answer, this.bars.at(-1), decimals)
    this.pointed(this.chart.pointedBar)
    element('chart-card').dataset['empty'] = String(this.bars.length === 0)
    element('chart-card').dataset['ready'] = 'true'
  }

  private pointed(bar: Bar | null): void {
    const shown = bar ?? this.bars.at(-1)
    if (shown) this.legend.show(shown)
    else this.legend.clear()
  }

  private async refreshCaps(): Promise<void> {
    try {
      const answer = await this.capsWatch.get()
      if (answer) this.caps.show(answer)
    } catch (error) {
      this.failed(error)
    }
    this.say()
  }

  /** What does not fit into one line: the exchange's own words, and when it was last tried. */
  private hint(): string {
    const { exchange_error: error, last_attempt_ms: tried } = this.status ?? {}
    return error ? `${error}${tried ? ` (last tried ${moment(tried)} UTC)` : ''}` : ''
  }

  private say(): void {
    const said = say({
      nowMs: this.now(),
      updatedMs: this.answer?.updated_ms ?? null,
      hasCandles: this.bars.length > 0,
      sandbox: this.status?.label != null,
      exchangeError: this.status?.exchange_error ?? null,
      lostMs: this.lostMs,
      refusal: this.refusal,
    })
    element('state').dataset['tone'] = said.tone
    write(element('state-text'), said.text)
    element('state').title = this.hint()
    const last = this.bars.at(-1)
    const left = last?.forming && said.tone === 'good' ? countdown(last.closeTime + 1 - this.now()) : ''
    write(element('closes-in'), left && `Candle closes in ${left}`)
  }
}

void new Page().start()
