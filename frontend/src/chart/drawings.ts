// Drawing on the charts: with which tool, which drawing is chosen, and what is kept of it.

import type { Overlay, OverlayMode } from 'klinecharts'
import { part } from '../shared/page'
import type { Desk } from './desk'
import { type Drawing, drawingsOf, MOST_DRAWINGS, newId, together, toolOf } from './drawing'
import { KeyboardDrawing } from './drawingkeys'
import { DrawingStore, symbolOf } from './drawingstore'
import { Overlays, pairsOf } from './overlays'
import type { Panel } from './panel'
import { liked, like } from './settings'
import { hush, tell } from './toast'

interface Begun {
  panel: Panel
  name: string
  text: string
  /** KLineChart's overlay that follows the pointer. */
  id: string
}

export class Drawings {
  readonly store = new DrawingStore((symbol) => this.show(symbol))
  private readonly overlays = new Map<Panel, Overlays>()
  private readonly keys = new Map<Panel, KeyboardDrawing>()
  private begun: Begun | null = null
  private chosen: { symbol: string; id: string } | null = null
  /** When something was last drawn or chosen, so that the same click does not open a candle too. */
  private touchedMs = 0

  constructor(private readonly desk: Desk) {}

  get mode(): OverlayMode {
    return liked().magnet ? 'weak_magnet' : 'normal'
  }

  setMagnet(magnet: boolean): void {
    like({ magnet })
    for (const panel of this.desk.panels) this.refresh(panel)
  }

  /** Whether a click on a candle was meant for a drawing. */
  get busy(): boolean {
    return this.begun !== null || Date.now() - this.touchedMs < 300
  }

  get tool(): string | null {
    return this.begun?.name ?? null
  }

  adopt(panel: Panel): void {
    const overlays = new Overlays(panel.chart.inner, {
      drawn: (overlay) => this.drawn(panel, overlay),
      moved: (overlay) => this.moved(panel, overlay),
      selected: (id) => this.clicked(panel, id),
      deselected: (id) => this.chosen?.id === id && this.clicked(panel, null),
    })
    this.overlays.set(panel, overlays)
    const box = part(panel.root, 'chart')
    const keys = new KeyboardDrawing(panel.chart, (points) => this.place(panel, points))
    this.keys.set(panel, keys)
    box.addEventListener('keydown', (event) => this.key(panel, keys, event), { capture: true })
  }

  /** After the desk has changed: shows each chart the drawings of its symbol. */
  arrange(): void {
    for (const panel of this.overlays.keys()) if (!this.desk.panels.includes(panel)) this.overlays.delete(panel)
    for (const panel of this.desk.panels) this.refresh(panel)
    const { begun } = this
    if (begun && begun.panel !== this.desk.active) this.begin(begun.name, begun.text)
  }

  recolour(): void {
    for (const overlays of this.overlays.values()) overlays.recolour()
  }

  /** Takes a tool in hand, for the active chart. */
  begin(name: string, text = ''): void {
    this.cancel()
    this.choose(this.desk.active, null)
    const panel = this.desk.active
    const tool = toolOf(name)
    if (!tool || this.of(panel).length >= MOST_DRAWINGS) return tell(`${MOST_DRAWINGS} drawings are as many as a symbol can have.`)
    const id = this.overlays.get(panel)?.begin(name, text, this.mode) ?? ''
    this.begun = { panel, name, text, id }
    panel.root.dataset['drawing'] = name
    part(panel.root, 'chart').focus()
    tell(tool.points === null ? 'Draw with the button held down. Escape puts it away.' : placing(tool.title, tool.points))
  }

  cancel(): void {
    const { begun } = this
    this.begun = null
    if (!begun) return
    this.overlays.get(begun.panel)?.remove(begun.id)
    this.keys.get(begun.panel)?.stop()
    delete begun.panel.root.dataset['drawing']
    hush()
  }

  of(panel: Panel): readonly Drawing[] {
    return this.store.of(symbolOf(panel.series))
  }

  /** Takes over drawings that came with a link; how many were new. */
  add(symbol: string, found: unknown): number {
    const own = this.store.of(symbol)
    const all = together(own, drawingsOf(found))
    this.store.keep(symbol, all)
    this.show(symbol)
    return all.length - own.length
  }

  private clicked(panel: Panel, id: string | null): void {
    this.touchedMs = Date.now()
    this.choose(panel, id)
  }

  choose(panel: Panel, id: string | null): void {
    const before = this.chosen
    const symbol = symbolOf(panel.series)
    this.chosen = id ? { symbol, id } : null
    for (const one of this.ofSymbol(symbol)) {
      if (before && before.id !== id) one.mark(before.id, false)
      if (id) one.mark(id, true)
    }
  }

  remove(symbol: string, id: string): void {
    this.store.remove(symbol, id)
    if (this.chosen?.id === id) this.chosen = null
    this.show(symbol)
    tell('Drawing deleted.')
  }

  clear(panel: Panel): void {
    const symbol = symbolOf(panel.series)
    this.store.keep(symbol, [])
    this.chosen = null
    this.show(symbol)
    tell('All drawings of this symbol are deleted.')
  }

  private refresh(panel: Panel): void {
    if (panel.series) this.overlays.get(panel)?.show(this.of(panel), this.mode)
  }

  private show(symbol: string): void {
    for (const one of this.ofSymbol(symbol)) one.show(this.store.of(symbol), this.mode)
  }

  private ofSymbol(symbol: string): Overlays[] {
    return [...this.overlays].filter(([panel]) => symbolOf(panel.series) === symbol).map(([, overlays]) => overlays)
  }

  private drawn(panel: Panel, overlay: Overlay): void {
    const points = pairsOf(overlay, panel.decimals)
    this.touchedMs = Date.now()
    // KLineChart still works on its overlay; a moment later it can go.
    setTimeout(() => this.place(panel, points))
  }

  /** Keeps what was drawn. */
  private place(panel: Panel, places: [number, number][]): void {
    const { begun } = this
    if (!begun) return
    const points = places.map(([at, price]) => [at, Number(price.toFixed(panel.decimals))])
    const [drawing] = drawingsOf([{ id: newId(), name: begun.name, points, text: begun.text }])
    this.cancel()
    if (!drawing) return
    const symbol = symbolOf(panel.series)
    this.store.put(symbol, drawing)
    this.show(symbol)
  }

  private moved(panel: Panel, overlay: Overlay): void {
    const symbol = symbolOf(panel.series)
    const known = this.store.of(symbol).find(({ id }) => id === overlay.id)
    this.touchedMs = Date.now()
    const points = pairsOf(overlay, panel.decimals)
    if (!known || JSON.stringify(points) === JSON.stringify(known.points)) return // pressed, not moved
    this.store.put(symbol, { ...known, points })
    setTimeout(() => this.show(symbol))
  }

  private key(panel: Panel, keys: KeyboardDrawing, event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (this.begun?.panel === panel) this.keyWhileDrawing(keys, event)
    else if (this.chosen) this.keyOnChosen(panel, keys, event, this.chosen)
  }

  private keyWhileDrawing(keys: KeyboardDrawing, event: KeyboardEvent): void {
    const { begun } = this
    const points = begun && toolOf(begun.name)?.points
    if (event.key === 'Escape') return take(event, () => this.cancel())
    if (points && begun) keys.key(event, points, (left) => tell(placing(toolOf(begun.name)?.title ?? '', left)))
  }

  private keyOnChosen(panel: Panel, keys: KeyboardDrawing, event: KeyboardEvent, { symbol, id }: { symbol: string; id: string }): void {
    const known = this.store.of(symbol).find((one) => one.id === id)
    if (event.key === 'Escape') return take(event, () => this.choose(panel, null))
    if (event.key === 'Delete' || event.key === 'Backspace') return take(event, () => this.remove(symbol, id))
    const points = known && keys.moved(event, known.points, panel.decimals)
    if (!points) return
    take(event, () => {
      this.store.put(symbol, { ...known, points })
      this.show(symbol)
    })
  }
}

function take(event: KeyboardEvent, action: () => void): void {
  event.preventDefault()
  event.stopPropagation()
  action()
}

const placing = (title: string, points: number): string =>
  `${title}: click ${points === 1 ? 'its place' : `its ${points} points`}, or walk there with the arrow keys and press Enter. Escape puts it away.`
