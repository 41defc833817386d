// The desk: one to four charts side by side, with one crosshair, one address and one of them active.

import { type SeriesLine, seriesOf } from '../shared/api'
import { element, part } from '../shared/page'
import { atInterval, parseSeries } from '../shared/intervals'
import { type ChartState, MOST_CHARTS, type PageState, read, write } from './address'
import type { Bar } from './bars'
import { Panel, type Surroundings } from './panel'

export interface DeskHeard {
  /** Other series are shown, or another chart is the active one. */
  rearranged(): void
  opened(panel: Panel, bar: Bar): void
  /** A chart was added to the others. */
  added(panel: Panel): void
}

const WRITE_AFTER_MS = 250

export class Desk implements Surroundings {
  readonly state: PageState
  readonly panels: Panel[] = []
  private readonly box = element('desk')
  private readonly blank: HTMLElement
  private lines = new Map<string, SeriesLine>()
  private readonly known = seriesOf()
  private skewMs = 0
  private linking = false
  private writing: number | undefined
  active: Panel
  /** Nobody listens before the rest of the page is there. */
  heard: DeskHeard = { rearranged() {}, opened() {}, added() {} }

  constructor() {
    const first = part(this.box, 'panel')
    this.blank = first.cloneNode(true) as HTMLElement
    for (const one of this.blank.querySelectorAll('[id]')) one.removeAttribute('id')
    this.state = read(location.search)
    this.active = this.add(first)
  }

  now(): number {
    return Date.now() + this.skewMs
  }

  /** What the server's clock says, when it says it. */
  setClock(nowMs: number): void {
    this.skewMs = nowMs - Date.now()
  }

  zone(): string {
    return this.state.zone
  }

  line(series: string): SeriesLine | undefined {
    return this.lines.get(series) ?? [...this.lines.values()].find((one) => sameSymbol(one.series, series))
  }

  /** Every series that is kept, as last told. */
  get kept(): SeriesLine[] {
    return [...this.lines.values()]
  }

  /** Asks which series there are. */
  async learnSeries(): Promise<void> {
    const told = await this.known.get()
    if (told) this.lines = new Map(told.series.map((line) => [line.series, line]))
  }

  /** Opens what the address asks for, or `usual`: at once, where its candles are there already. */
  async start(usual: string): Promise<void> {
    const asked = this.state.charts.length > 0 ? this.state.charts : [{ series: usual, at: null, bar: null }]
    for (const _ of asked.slice(1)) this.add(this.cloned())
    if (asked.some((state) => state.bar !== null)) await this.learnSeries().catch(() => {}) // what a zoom can show
    await Promise.all(asked.map((state, index) => this.open(this.panels[index] as Panel, state)))
  }

  /** Asks what else there is to know: which series are kept, and which of the candles were revised. */
  async learn(): Promise<void> {
    await this.learnSeries().catch(() => {}) // the state line tells that the server is away
    await Promise.all(this.panels.map((panel) => panel.learn()))
  }

  private open(panel: Panel, { series, at, bar }: ChartState): Promise<void> {
    if (!series) return Promise.resolve()
    const done = panel.open(series, { at, bar })
    this.rearranged()
    return done
  }

  private cloned(): HTMLElement {
    const root = this.blank.cloneNode(true) as HTMLElement
    this.box.append(root)
    return root
  }

  private add(root: HTMLElement): Panel {
    const panel = new Panel(root, this)
    this.panels.push(panel)
    const activate = (): void => this.activate(panel)
    root.addEventListener('pointerdown', activate, { capture: true })
    root.addEventListener('focusin', activate)
    const { zoomIn, zoomOut, fit } = panel.chart
    const buttons = { 'zoom-in': zoomIn, 'zoom-out': zoomOut, fit, latest: () => void panel.latest(), close: () => this.close(panel) }
    for (const [name, action] of Object.entries(buttons)) part(root, name).addEventListener('click', action)
    this.box.dataset['charts'] = String(this.panels.length)
    this.heard.added(panel)
    return panel
  }

  activate(panel: Panel): void {
    if (this.active === panel) return
    this.active = panel
    this.rearranged()
  }

  /** Another chart beside the others, of the same symbol at first. */
  async addChart(series = this.active.series): Promise<void> {
    if (this.panels.length >= MOST_CHARTS) return
    const panel = this.add(this.cloned())
    this.active = panel
    await this.open(panel, { series, at: null, bar: null })
  }

  close(panel: Panel): void {
    if (this.panels.length < 2) return
    this.panels.splice(this.panels.indexOf(panel), 1)
    panel.close()
    this.box.dataset['charts'] = String(this.panels.length)
    if (this.active === panel) this.active = this.panels[0] as Panel
    this.rearranged()
  }

  /** Shows another series in the active chart. */
  async choose(series: string): Promise<void> {
    await this.open(this.active, { series, at: null, bar: null })
  }

  /** Shows the active chart's symbol at another interval, at the same time. */
  async chooseInterval(interval: string): Promise<void> {
    const { series, chart } = this.active
    await this.open(this.active, { series: atInterval(series, interval), at: chart.view.at, bar: null })
  }

  private rearranged(): void {
    for (const panel of this.panels) panel.root.dataset['active'] = String(panel === this.active && this.panels.length > 1)
    this.remember()
    this.heard.rearranged()
  }

  pointed(panel: Panel, at: number | null): void {
    if (this.linking) return
    this.linking = true
    for (const other of this.panels) if (other !== panel) other.crossAt(at)
    this.linking = false
  }

  changed(): void {
    this.remember()
  }

  opened(panel: Panel, bar: Bar): void {
    this.heard.opened(panel, bar)
  }

  /** Writes what is shown into the address, a moment after it has stopped changing. */
  remember(): void {
    clearTimeout(this.writing)
    this.writing = setTimeout(() => history.replaceState(null, '', this.link()), WRITE_AFTER_MS)
  }

  /** The address of what is shown. */
  link(): string {
    this.state.charts = this.panels.filter((panel) => panel.series).map((panel) => ({ series: panel.series, ...panel.view }))
    const query = write(this.state)
    return `${location.pathname}${query ? `?${query}` : ''}`
  }

  recolour(): void {
    for (const panel of this.panels) panel.chart.recolour()
  }
}

function sameSymbol(left: string, right: string): boolean {
  const [one, other] = [parseSeries(left), parseSeries(right)]
  return one.exchange === other.exchange && one.symbol === other.symbol
}
