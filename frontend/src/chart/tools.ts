// What a person puts on the charts: indicators, axis, time zone, drawings; and the menus for it.

import { element, part } from '../shared/page'
import { applyAxis } from './axes'
import { type Axis, type PageState, USUAL } from './address'
import type { Desk } from './desk'
import { Drawings } from './drawings'
import { fit, type Kind, known, kindOf } from './indicators'
import { IndicatorPanes, type On } from './indicatorpanes'
import { IndicatorValues } from './indicatorvalues'
import type { Panel } from './panel'
import { like, type Liked, liked } from './settings'

interface Worn {
  panes: IndicatorPanes
  values: IndicatorValues
}

/** What a link carries besides the address: parameters and drawings. */
const LENT = '#d='

/** A menu that is fetched when it is first asked for. */
type Opener = (tools: Tools, button: HTMLElement) => void

const MENUS: Record<string, () => Promise<{ open: Opener }>> = {
  indicators: () => import('./indicatormenu'),
  draw: () => import('./drawmenu'),
  axis: () => import('./axismenu'),
  zone: () => import('./zones'),
  export: () => import('./export'),
}

/** Whether something is worn, or was the last time here, that changes how a chart is laid out. */
export function isWorn(state: PageState): boolean {
  const { indicators, axis, zone } = liked()
  const asked = state.indicators.length > 0 || state.axis !== USUAL.axis || state.zone !== USUAL.zone
  return asked || Boolean(indicators?.length || axis || zone) || location.hash.startsWith(LENT)
}

export class Tools {
  readonly drawings: Drawings
  /** Parameters that came with a link; they hold for this visit. */
  private lent: Record<string, unknown> = {}
  private readonly worn = new Map<Panel, Worn>()

  constructor(readonly desk: Desk) {
    this.drawings = new Drawings(desk)
    this.recall()
    for (const panel of desk.panels) this.apply(panel)
    for (const [id, load] of Object.entries(MENUS)) this.wire(element(id), load)
    this.nameZone()
    const { hash } = location // the desk writes the address anew, without it
    if (hash.startsWith(LENT)) void import('./link').then(({ take }) => take(this, hash))
  }

  /** What the address does not say is as it was the last time here. */
  private recall(): void {
    const asked = new URLSearchParams(location.search)
    const { state } = this.desk
    const { indicators, axis, zone } = liked()
    if (!asked.has('ind') && Array.isArray(indicators)) state.indicators = indicators
    if (!asked.has('axis') && axis) state.axis = axis
    if (!asked.has('tz') && zone) state.zone = zone
    state.indicators = known(state.indicators).map(({ name }) => name)
  }

  private wire(button: HTMLElement, load: () => Promise<{ open: Opener }>): void {
    const first = async (event: Event): Promise<void> => {
      if (event instanceof KeyboardEvent && event.key !== 'ArrowDown') return
      event.preventDefault()
      button.removeEventListener('click', first)
      button.removeEventListener('keydown', first)
      const { open } = await load()
      open(this, button)
    }
    button.addEventListener('click', first)
    button.addEventListener('keydown', first)
  }

  /** Puts on a chart what all charts wear. */
  apply(panel: Panel): void {
    const { inner } = panel.chart
    const plot = part(panel.root, 'chart').parentElement as HTMLElement
    const panes = new IndicatorPanes(inner)
    const values = new IndicatorValues(panel, panes, plot)
    this.worn.set(panel, { panes, values })
    panel.told = (bar) => values.at(bar)
    this.drawings.adopt(panel)
    this.dress(panel)
    const button = part(panel.root, 'table')
    button.setAttribute('aria-expanded', 'false')
    button.addEventListener('click', () => void import('./datatable').then(({ toggle }) => toggle(panel, this.desk, button)))
  }

  private dress(panel: Panel): void {
    const { state } = this.desk
    const worn = this.worn.get(panel)
    worn?.panes.show(this.on, panel.decimals)
    worn?.values.arrange()
    applyAxis(panel.chart.inner, state.axis)
    const zone = state.zone === 'UTC' ? 'Etc/UTC' : state.zone
    if (panel.chart.inner.getTimezone() !== zone) panel.chart.inner.setTimezone(zone) // it lays all out anew
  }

  /** After the desk was rearranged: other symbols have other drawings, closed charts need nothing. */
  draw(): void {
    for (const panel of this.worn.keys()) if (!this.desk.panels.includes(panel)) this.worn.delete(panel)
    this.drawings.arrange()
  }

  recolour(): void {
    for (const { panes, values } of this.worn.values()) {
      panes.recolour()
      values.arrange()
    }
    this.drawings.recolour()
  }

  /** The indicators that are on, in order. */
  get on(): On[] {
    return known(this.desk.state.indicators).map((kind) => ({ kind, parameters: this.parameters(kind) }))
  }

  parameters(kind: Kind): readonly number[] {
    return fit(kind, this.lent[kind.name]) ?? fit(kind, liked().parameters?.[kind.name]) ?? kind.parameters
  }

  /** Parameters that are not the usual ones, for a link. */
  get unusual(): Record<string, readonly number[]> {
    const others = this.on.filter(({ kind, parameters }) => parameters.join() !== kind.parameters.join())
    return Object.fromEntries(others.map(({ kind, parameters }) => [kind.name, parameters]))
  }

  borrow(parameters: Record<string, unknown>): void {
    this.lent = Object.fromEntries(Object.entries(parameters).filter(([name]) => kindOf(name)))
    this.change({})
  }

  switchIndicator(kind: Kind, on: boolean): void {
    const names = this.desk.state.indicators.filter((name) => name !== kind.name)
    this.desk.state.indicators = known(on ? [...names, kind.name] : names).map(({ name }) => name)
    this.change({ indicators: this.desk.state.indicators })
  }

  setParameters(kind: Kind, parameters: number[] | null): void {
    const { [kind.name]: _, ...others } = liked().parameters ?? {}
    delete this.lent[kind.name]
    this.change({ parameters: parameters ? { ...others, [kind.name]: parameters } : others })
  }

  setAxis(axis: Axis): void {
    this.desk.state.axis = axis
    this.change({ axis })
  }

  setZone(zone: string): void {
    this.desk.state.zone = zone
    this.change({ zone })
    this.nameZone()
    for (const panel of this.desk.panels) panel.tell(panel.chart.cross.bar)
  }

  private change(what: Partial<Liked>): void {
    like(what)
    for (const panel of this.desk.panels) this.dress(panel)
    for (const panel of this.desk.panels) panel.tell(panel.chart.cross.bar)
    this.desk.remember()
  }

  private nameZone(): void {
    const { zone } = this.desk.state
    part(element('zone'), 'zone-name').textContent = zone.split('/').at(-1)?.replaceAll('_', ' ') ?? zone
  }
}
