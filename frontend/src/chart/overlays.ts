// Drawings as KLineChart's overlays: made, restyled, and read back after they were moved.

import { type Chart, type Overlay, type OverlayEventCallback, type OverlayMode, registerOverlay } from 'klinecharts'
import { type Palette, palette } from '../shared/theme'
import { type Drawing, thinned } from './drawing'

const GROUP = 'drawings'
const LEVELS = 'fibonacciLine'

export interface OverlayHeard {
  drawn(overlay: Overlay): void
  moved(overlay: Overlay): void
  selected(id: string): void
  deselected(id: string): void
}

let registered = false

/** KLineChart's own note cannot be grasped; this one can. */
function registerNote(): void {
  if (registered) return
  registered = true
  registerOverlay({
    name: 'note',
    totalStep: 2,
    needDefaultPointFigure: true,
    needDefaultXAxisFigure: true,
    needDefaultYAxisFigure: true,
    createPointFigures: ({ overlay, coordinates }) => {
      const { x = 0, y = 0 } = coordinates[0] ?? {}
      const text = String(overlay.extendData ?? '')
      return [
        { type: 'line', attrs: { coordinates: [{ x, y }, { x, y: y - 18 }] } },
        { type: 'text', attrs: { x, y: y - 18, text, align: 'center', baseline: 'bottom' } },
      ]
    },
  })
}

export class Overlays {
  constructor(
    readonly chart: Chart,
    private readonly heard: OverlayHeard,
  ) {
    registerNote()
    this.recolour()
  }

  /** Lets a person draw with a tool; the id of what is being drawn. */
  begin(name: string, text: string, mode: OverlayMode): string {
    const onDrawEnd: OverlayEventCallback<unknown> = ({ overlay }) => this.heard.drawn(overlay)
    const id = this.chart.createOverlay({ name, extendData: text, mode, onDrawEnd, onRightClick: ({ preventDefault }) => preventDefault?.() })
    return typeof id === 'string' ? id : ''
  }

  remove(id: string): void {
    this.chart.removeOverlay({ id })
  }

  /** Shows these drawings and no others. */
  show(drawings: readonly Drawing[], mode: OverlayMode): void {
    const wanted = new Set(drawings.map(({ id }) => id))
    for (const { id } of this.chart.getOverlays({ groupId: GROUP })) if (!wanted.has(id)) this.remove(id)
    for (const drawing of drawings) this.put(drawing, mode)
  }

  put({ id, name, points: pairs, text }: Drawing, mode: OverlayMode): void {
    const points = pairs.map(([timestamp, value]) => ({ timestamp, value }))
    const there = this.chart.getOverlays({ id })[0]
    if (there) {
      if (JSON.stringify(pairs) !== JSON.stringify(pairsOf(there, null)) || there.mode !== mode) this.chart.overrideOverlay({ id, points, mode })
      return
    }
    this.chart.createOverlay({
      name, id, groupId: GROUP, points, mode, extendData: text ?? '',
      ...(name === LEVELS ? { styles: levelStyles(palette()) } : {}),
      onSelected: () => this.heard.selected(id),
      onDeselected: () => this.heard.deselected(id),
      onPressedMoveEnd: ({ overlay }) => this.heard.moved(overlay),
      onRightClick: ({ preventDefault }) => preventDefault?.(), // a right click must not throw it away
    })
  }

  /** Draws one so that it is seen to be chosen. */
  mark(id: string, chosen: boolean): void {
    const colours = palette()
    this.chart.overrideOverlay({ id, styles: { line: { size: (chosen ? 3 : 1.6) * colours.scale } } })
  }

  recolour(): void {
    const colours = palette()
    this.chart.setStyles({ overlay: overlayStyles(colours) })
    this.chart.overrideOverlay({ name: LEVELS, styles: levelStyles(colours) })
  }
}

/** Where the points of an overlay are; prices with as many decimals as prices have. */
export function pairsOf(overlay: Overlay, decimals: number | null): [number, number][] {
  const pairs = overlay.points.flatMap(({ timestamp, value }): [number, number][] =>
    timestamp === undefined || value === undefined ? [] : [[timestamp, decimals === null ? value : Number(value.toFixed(decimals))]],
  )
  return overlay.name === 'brush' ? thinned(pairs) : pairs
}

function overlayStyles(colours: Palette) {
  const ink = colours.slices[1] as string
  const text = {
    color: colours.card, backgroundColor: ink, borderColor: ink, borderSize: 0, borderRadius: 4, family: colours.font,
    size: Math.round(11 * colours.scale), paddingLeft: 6, paddingRight: 6, paddingTop: 4, paddingBottom: 4,
  }
  return {
    line: { color: ink, size: 1.6 * colours.scale },
    point: {
      color: colours.card, borderColor: ink, borderSize: 2, radius: 5,
      activeColor: ink, activeBorderColor: colours.card, activeBorderSize: 2, activeRadius: 6,
    },
    text,
    rect: { color: ink.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.25)') }, // on the axes, between two points
    polygon: { color: ink, borderColor: ink },
  }
}

/** Levels are many: they are labelled more quietly than points. */
function levelStyles(colours: Palette) {
  return { text: { color: colours.slices[1] as string, backgroundColor: colours.card } }
}
