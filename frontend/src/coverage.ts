// The coverage page: how much of a series is there, day by day, and what can be done about the rest.

import './styles/coverage.css'
import { Watched } from './shared/api'
import { inWords } from './shared/actions'
import { element, write } from './shared/page'
import { Poll } from './shared/poll'
import { wireHeader } from './shared/nav'
import { timeOfDay } from './shared/local'
import { type Coverage, Days, isoDay, readDay } from './coverage/days'
import { KeptSeries } from './coverage/kept'
import { candleRows } from './coverage/longer'
import { HeatMap } from './coverage/map'
import { DayPanel } from './coverage/panel'
import { inOneSentence, showSummary } from './coverage/summary'
import { DayTable } from './coverage/table'
import type { Revised } from './coverage/versions'
import type { Gap } from './coverage/words'

const EVERY_MS = 30_000

class Page {
  private series = ''
  private days: Days | null = null
  private watch: Watched<Coverage> | null = null
  private readonly map = new HeatMap(
    (ms, enter) => this.open(ms, { enter }),
    (ms) => this.remember(ms),
  )
  private readonly table = new DayTable((ms) => this.open(ms))
  private readonly panel = new DayPanel(
    () => this.closed(),
    () => this.look(),
  )
  private readonly kept = new KeptSeries((series) => this.pick(series))
  private readonly poll = new Poll(EVERY_MS, () => this.look())
  private readonly select = element<HTMLSelectElement>('series')

  start(): void {
    wireHeader(() => this.map.recolour())
    this.select.addEventListener('change', () => this.choose(this.select.value))
    element('earlier').addEventListener('click', () => this.map.leap(-1))
    element('later').addEventListener('click', () => this.map.leap(1))
    const asked = new URL(location.href).searchParams
    const series = asked.get('series') ?? ''
    const known = [...this.select.options].some((option) => option.value === series)
    if (known) this.select.value = series
    if (!this.select.value) return
    void this.kept.load(this.select.value).catch(() => undefined)
    this.choose(this.select.value, readDay(asked.get('day') ?? ''))
  }

  private pick(series: string): void {
    this.select.value = series
    this.choose(series)
    this.select.scrollIntoView({ block: 'nearest' })
  }

  private choose(series: string, day: number | null = null): void {
    this.series = series
    this.days = null
    this.watch = new Watched<Coverage>(`/api/v1/coverage?series=${encodeURIComponent(series)}`)
    this.panel.hide()
    this.map.choose(day)
    this.remember(day)
    this.kept.mark(series)
    const [exchange = '', symbol = '', interval = ''] = series.split(':')
    write(element('symbol'), symbol)
    write(element('interval'), interval)
    write(element('exchange'), exchange)
    this.poll.now()
  }

  private async look(): Promise<void> {
    const asked = this.series
    try {
      const answer = await this.watch?.get()
      if (asked === this.series && answer) await this.show(answer)
      else if (this.days) this.say('good')
    } catch (error) {
      this.say('lost', inWords(error))
    }
    if (asked !== this.series) setTimeout(() => this.poll.now())
  }

  private async show(coverage: Coverage): Promise<void> {
    const begins = this.days === null
    this.days = await daysOf(coverage)
    showSummary(coverage)
    this.kept.learn(coverage)
    this.table.show(this.days)
    element('map').dataset['empty'] = String(coverage.days.length === 0)
    await this.map.show(this.days)
    const day = this.panel.openDay ?? (begins ? this.map.cursor : null)
    if (day !== null) this.open(day, { reveal: begins })
    this.say('good', inOneSentence(coverage))
    element('map').dataset['ready'] = 'true'
  }

  /** Shows a day; `enter` takes the focus there, `reveal` brings its cell into sight. */
  private open(ms: number, { enter = false, reveal = false } = {}): void {
    if (!this.days) return
    this.map.choose(ms, reveal)
    this.remember(ms)
    void this.panel.show(this.series, this.days.at(ms))
    if (enter) this.panel.focus()
  }

  private closed(): void {
    element('days').focus({ preventScroll: true })
  }

  private remember(ms: number | null): void {
    const url = new URL(location.href)
    url.searchParams.set('series', this.series)
    if (ms === null) url.searchParams.delete('day')
    else url.searchParams.set('day', isoDay(ms))
    history.replaceState(null, '', url)
  }

  private say(tone: string, text = ''): void {
    element('state').dataset['tone'] = tone
    if (text) write(element('state-text'), text)
    if (tone === 'good') write(element('looked'), `Looked at ${timeOfDay(Date.now() - (Date.now() % 1000))} UTC`)
  }
}

/** The days as they are to be drawn; of candles longer than a day the server counts months. */
async function daysOf(coverage: Coverage): Promise<Days> {
  const series = coverage.derived_from ?? coverage.series
  const interval = series.split(':')[2] ?? ''
  if (coverage.bucket === 'day') return new Days(coverage.days, interval)
  const asked = new URLSearchParams({ series, limit: '5000' })
  const [gaps, revisions] = await Promise.all([
    new Watched<{ gaps: Gap[] }>(`/api/v1/gaps?${asked}`).once(),
    new Watched<{ revisions: Revised[] }>(`/api/v1/revisions?${asked}`).once(),
  ])
  const revised = new Set(revisions.revisions.map((one) => one.open_ms))
  return new Days(candleRows(coverage, gaps.gaps, revised, interval), interval)
}

new Page().start()
