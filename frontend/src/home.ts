// Puts the page with the charts together: asks the server, and hands what it says to the parts.

import './styles/home.css'
import { Desk } from './chart/desk'
import { Finder } from './chart/finder'
import { lastPrice } from './chart/heading'
import { IntervalBar } from './chart/intervalbar'
import type { Bar } from './chart/bars'
import type { Panel } from './chart/panel'
import { say } from './chart/state'
import { StoryBox } from './chart/story'
import { isWorn, Tools } from './chart/tools'
import { MarketCapCard } from './market/card'
import { FIELDS, foresee, marketCapsOf, type Status, statusOf } from './shared/api'
import { lengthOf } from './shared/intervals'
import { Live } from './shared/live'
import type { LiveCandle } from './shared/liveevents'
import { wireHeader } from './shared/nav'
import { element, part, write } from './shared/page'
import { Poll } from './shared/poll'
import { countdown, moment } from './shared/times'

/** What the server pushes is compared with what it keeps as often as this. */
const CANDLES_EVERY_MS = 15_000
/** The sum of smaller candles is right some moments after the stream has closed the larger one. */
const SUMMED_AFTER_MS = 3_000
const CAPS_EVERY_MS = 30_000
/** The charts wait for the newest candles before they are laid out, but not longer. */
const FIRST_WITHIN_MS = 500
/** So long a frame may take that shows the first chart. */
const FRAME_WITHIN_MS = 200
/** A forming candle is asked for every 15 seconds, by servers that do not hear a stream. */
const PATIENCE_MS = 120_000

/** What is around the charts. */
class Page {
  private status: Status | null = null
  private readonly caps = new MarketCapCard()
  private readonly statusWatch = statusOf()
  private readonly capsWatch = marketCapsOf()
  private readonly intervals: IntervalBar
  private readonly story: StoryBox
  private readonly live = new Live({
    hello: ({ now_ms: nowMs }) => this.desk.setClock(nowMs),
    candle: (candle) => this.hear(candle),
    kept: ({ series }) => void this.refreshPanels(series),
    lost: () => void this.refreshPanels(),
    poll: () => this.refreshOrFail(),
    changed: () => this.say(),
  })
  private readonly candlePoll = new Poll(CANDLES_EVERY_MS, () => this.refresh())
  private readonly capsPoll = new Poll(CAPS_EVERY_MS, () => this.refreshCaps())

  constructor(
    private readonly desk: Desk,
    private readonly tools: Tools,
  ) {
    this.intervals = new IntervalBar(desk)
    this.story = new StoryBox(() => desk.zone())
    new Finder(desk)
    desk.heard = {
      rearranged: () => this.rearranged(),
      opened: (panel, bar) => this.tellStory(panel, bar),
      added: (panel) => tools.apply(panel),
    }
    wireHeader(() => {
      desk.recolour()
      tools.recolour()
      this.caps.recolour()
    })
    element('add-chart').addEventListener('click', () => void desk.addChart())
    element('fullscreen').addEventListener('click', () => void toggleFullScreen())
    document.addEventListener('keydown', (event) => this.key(event))
    this.rearranged()
    setInterval(() => this.say(), 1000)
  }

  /** Learns what else there is to know, and keeps all current from then on. */
  async start(): Promise<void> {
    this.say()
    await this.desk.learn()
    this.intervals.draw()
    this.candlePoll.now()
    await this.caps.load()
    this.capsPoll.now()
  }

  /** Brackets step through the intervals, wherever nothing else takes them. */
  private key(event: KeyboardEvent): void {
    const step = { '[': -1, ']': 1 }[event.key]
    if (step && !(event.target as HTMLElement).closest('input, dialog')) this.intervals.step(step)
  }

  private tellStory(panel: Panel, bar: Bar): void {
    if (!bar.absence && !this.tools.drawings.busy) void this.story.show(panel.shownSeries, bar.timestamp)
  }

  private rearranged(): void {
    this.tools.draw()
    this.intervals.draw()
    this.say()
  }

  /** A candle that moves; one that is summed up here is asked for once it has closed. */
  private hear({ series, row, closed, sent_ms: sentMs }: LiveCandle): void {
    for (const panel of this.desk.panels.filter((one) => one.shownSeries === series)) {
      panel.hear(row, FIELDS, closed, sentMs)
      if (closed && panel.answer?.derived_from) setTimeout(() => void panel.refresh(), SUMMED_AFTER_MS)
    }
    this.say()
  }

  private async refresh(): Promise<void> {
    await Promise.all([this.refreshStatus(), this.desk.learnSeries().catch(() => {})])
    await this.refreshPanels()
    this.say()
  }

  private async refreshPanels(series?: string): Promise<void> {
    const meant = this.desk.panels.filter((panel) => !series || panel.shownSeries === series)
    await Promise.all(meant.map((panel) => panel.refresh()))
  }

  private async refreshOrFail(): Promise<void> {
    await this.refresh()
    if (this.desk.panels.some((panel) => panel.lostMs !== null)) throw new Error('No answer from Chandlery.')
  }

  private async refreshStatus(): Promise<void> {
    try {
      this.status = (await this.statusWatch.get()) ?? this.status
      if (this.status) this.desk.setClock(this.status.now_ms)
    } catch {
      // The charts ask at the same time, and tell.
    }
  }

  private async refreshCaps(): Promise<void> {
    try {
      const answer = await this.capsWatch.get()
      if (answer) this.caps.show(answer)
    } catch {
      // The charts tell that the server is away.
    }
  }

  /** What does not fit into one line: the exchange's own words, and when it was last tried. */
  private hint(): string {
    const { exchange_error: error, last_attempt_ms: tried } = this.status ?? {}
    return error ? `${error}${tried ? ` (last tried ${moment(tried)} UTC)` : ''}` : ''
  }

  private say(): void {
    const shown = this.desk.panels.filter((panel) => panel.series)
    this.live.watch(shown.map((panel) => panel.shownSeries))
    for (const panel of shown) this.sayOf(panel)
    if (shown.some((panel) => panel.answer)) document.documentElement.dataset['ready'] = 'true'
    const { active } = this.desk
    const { symbol = 'Chandlery' } = active.answer ?? {}
    document.title = active.last ? `${symbol} ${lastPrice(active.last, active.decimals)} · Chandlery` : `${symbol} · Chandlery`
  }

  private sayOf(panel: Panel): void {
    const nowMs = this.desk.now()
    const link = this.live.states.get(panel.shownSeries)
    const away = link?.status === 'unreachable' ? link.error : null
    const said = say({
      nowMs,
      updatedMs: panel.updatedMs,
      hasCandles: panel.chart.bars.length > 0,
      sandbox: this.status?.label != null,
      exchangeError: away ?? (link?.status === 'live' ? null : (this.status?.exchange_error ?? null)),
      lostMs: panel.lostMs,
      refusal: panel.refusal,
      live: this.live.status !== 'stale' && link?.status === 'live',
      patienceMs: PATIENCE_MS + lengthOf(panel.shown),
    })
    const state = part(panel.root, 'state')
    state.dataset['tone'] = said.tone
    state.title = this.hint()
    write(part(panel.root, 'state-text'), said.text)
    const left = panel.last?.forming && said.tone === 'good' ? countdown(panel.last.closeTime + 1 - nowMs) : ''
    write(part(panel.root, 'closes-in'), left && `Candle closes in ${left}`)
  }
}

async function toggleFullScreen(): Promise<void> {
  if (document.fullscreenElement) await document.exitFullscreen()
  else await document.documentElement.requestFullscreen()
}

/** The newest candles, which are under way since the page's first bytes; without them in the end. */
async function first(): Promise<void> {
  const link = document.querySelector('link[rel="preload"][as="fetch"]')
  if (!link) return
  const came = foresee(link.getAttribute('href') ?? '').catch(() => {})
  await Promise.race([came, new Promise((done) => setTimeout(done, FIRST_WITHIN_MS))])
}

/**
 * Done when the frame that is drawn next is on the screen, or soon where none is. The one after it
 * begins when it has been handed over: whatever ran before would take the processor from it.
 */
const drawn = (): Promise<void> =>
  new Promise((done) => {
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)))
    setTimeout(done, FRAME_WITHIN_MS) // in the background there are no frames
  })

/** The chart comes first; what is around it is put together once it is on the screen. */
async function start(): Promise<void> {
  await first()
  const desk = new Desk()
  const early = isWorn(desk.state) ? new Tools(desk) : null
  const opened = desk.start(element('desk').dataset['series'] ?? '')
  await drawn()
  const page = new Page(desk, early ?? new Tools(desk))
  await opened
  await page.start()
}

void start()
