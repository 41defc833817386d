// The heat map: one calendar for each year, newest first; pointing, clicking, walking by keyboard.

import { element, write } from '../shared/page'
import { type Days, isoDay, readDay, yearOf } from './days'
import { boxOf, type Grid, gridFor } from './grid'
import { moved } from './moves'
import { readTones } from './tones'
import { counted } from '../shared/local'
import { daySentence } from './words'
import type { Pointed, YearChart } from './year'

interface Row {
  year: number
  part: HTMLElement
  box: HTMLElement
  chart: YearChart | null
}

type Charts = typeof import('./year')

const USUAL_PX = 15
/** How far outside of what is seen a year is drawn already. */
const AHEAD = '400px'

export class HeatMap {
  private days: Days | null = null
  private rows: Row[] = []
  private grid: Grid = gridFor(800)
  private charts: Charts | null = null
  private at: number | null = null
  private readonly area = element('days')
  private readonly tip = element('tip')
  private readonly mark = element('mark')
  private readonly seen = new IntersectionObserver((entries) => this.came(entries), { rootMargin: AHEAD })

  /** `opened` is told of the day to show and whether to go there, `walked` where the cursor is. */
  constructor(
    private readonly opened: (ms: number, enter: boolean) => void,
    private readonly walked: (ms: number) => void,
  ) {
    new ResizeObserver(() => this.fit()).observe(this.area)
    this.area.addEventListener('keydown', (event) => this.key(event))
    this.area.addEventListener('scroll', () => this.hideTip(), { passive: true })
    element('years').addEventListener('pointerleave', () => this.hideTip())
  }

  get cursor(): number | null {
    return this.at
  }

  /** Draws the days anew; where the same years stand already, their boxes stay. */
  async show(days: Days): Promise<void> {
    this.days = days
    const years = days.years()
    if (years.join() !== this.rows.map((row) => row.year).join()) this.build(years)
    this.tell()
    this.charts ??= await import('./year')
    this.fit()
    for (const row of this.rows) this.draw(row)
  }

  /** Puts the cursor on a day and, if asked, brings it into sight. */
  choose(ms: number | null, reveal = false): void {
    this.at = ms
    const row = this.rows.find((one) => ms !== null && one.year === yearOf(ms))
    this.mark.hidden = !row || ms === null
    if (!row || ms === null) return
    const [left, top, width, height] = boxOf(ms, this.grid)
    row.part.querySelector('.year-box')?.append(this.mark)
    Object.assign(this.mark.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` })
    if (reveal) this.mark.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }

  recolour(): void {
    for (const row of this.rows) this.draw(row)
  }

  /** Leads to the next day, forward or back, that is not complete. */
  leap(step: -1 | 1): void {
    const days = this.days
    if (!days || days.first === null || days.last === null) return
    const from = this.at ?? (step === 1 ? days.first - 1 : days.last + 1)
    const to = days.nextIncomplete(from, step)
    if (to !== null) this.walk(to, true)
  }

  private key(event: KeyboardEvent): void {
    const days = this.days
    if (!days || event.ctrlKey || event.metaKey || event.altKey) return
    if ((event.key === 'Enter' || event.key === ' ') && this.at !== null) {
      event.preventDefault()
      this.opened(this.at, true)
      return
    }
    const from = this.at ?? days.last
    const to = from === null ? null : moved(from, event.key, days, this.grid.standing)
    if (to === null) return
    event.preventDefault()
    this.walk(this.at === null && !event.key.match(/Home|n|p/) ? (days.last as number) : to)
  }

  private walk(ms: number, open = false): void {
    this.choose(ms, true)
    const day = this.days?.at(ms)
    if (day && this.days) write(element('spoken'), daySentence(day, this.days.first, this.days.last))
    if (open) this.opened(ms, false)
    else this.walked(ms)
  }

  private build(years: number[]): void {
    this.seen.disconnect()
    element('map').append(this.mark)
    for (const row of this.rows) row.chart?.close()
    this.rows = years.map((year) => this.row(year))
    element('years').replaceChildren(...this.rows.map((row) => row.part))
    for (const row of this.rows) this.seen.observe(row.part)
  }

  private row(year: number): Row {
    const template = element<HTMLTemplateElement>('year-template')
    const part = (template.content.cloneNode(true) as DocumentFragment).firstElementChild as HTMLElement
    write(part.querySelector('h2') as Element, String(year))
    return { year, part, box: part.querySelector('.year-chart') as HTMLElement, chart: null }
  }

  /** Says beside each year how many of its days want a look. */
  private tell(): void {
    for (const row of this.rows) {
      const known = this.days?.ofYear(row.year).filter((day) => day.state !== 'none') ?? []
      const open = known.filter((day) => day.state !== 'complete').length
      const words = open === 0 ? `${counted(known.length, 'day')}, all complete` : `${counted(open, 'day')} of ${known.length} not complete`
      write(row.part.querySelector('.year-note') as Element, words)
    }
  }

  private fit(): void {
    const width = this.rows[0]?.part.clientWidth
    if (!width) return
    const scale = Number.parseFloat(getComputedStyle(document.body).fontSize) / USUAL_PX
    const grid = gridFor(width, scale)
    const same = JSON.stringify(grid) === JSON.stringify(this.grid)
    this.grid = grid
    for (const row of this.rows) {
      row.box.style.height = `${grid.height}px`
      if (!same) this.draw(row)
    }
    this.choose(this.at)
  }

  private came(entries: IntersectionObserverEntry[]): void {
    for (const entry of entries.filter((one) => one.isIntersecting)) {
      const row = this.rows.find((one) => one.part === entry.target)
      if (row) this.open(row)
    }
  }

  private open(row: Row): void {
    row.part.dataset['near'] = 'true'
    this.draw(row)
  }

  private draw(row: Row): void {
    if (!this.charts || !this.days || row.part.dataset['near'] !== 'true') return
    row.chart ??= new this.charts.YearChart(row.box, row.year, {
      over: (pointed) => this.showTip(pointed),
      out: () => this.hideTip(),
      click: (day) => this.clicked(day),
    })
    row.chart.draw(this.days.ofYear(row.year), this.grid, readTones())
    row.part.dataset['drawn'] = 'true'
  }

  private clicked(text: string): void {
    const ms = readDay(text)
    if (ms === null || this.days?.at(ms).state === 'none') return
    this.choose(ms)
    this.opened(ms, false)
  }

  private showTip({ day, x, y }: Pointed): void {
    const ms = readDay(day)
    if (ms === null || !this.days) return
    write(this.tip, daySentence(this.days.at(ms), this.days.first, this.days.last))
    this.tip.dataset['day'] = isoDay(ms)
    this.tip.hidden = false
    const { width, height } = this.tip.getBoundingClientRect()
    this.tip.style.left = `${Math.max(8, Math.min(innerWidth - width - 8, x - width / 2))}px`
    this.tip.style.top = `${y - height - 14 < 8 ? y + 20 : y - height - 14}px`
  }

  private hideTip(): void {
    this.tip.hidden = true
  }
}
