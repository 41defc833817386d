// The colours of the heat map, read from the style sheet, so that it follows light and dark.

import { STATES, type State } from './days'

export interface Tones {
  fill: Record<State, string>
  /** The letter's colour on each. */
  ink: Record<State, string>
  card: string
  muted: string
  line: string
  font: string
  /** The size of small type in pixels. */
  small: number
}

export function readTones(): Tones {
  const probe = document.createElement('span')
  document.body.append(probe)
  const read = (name: string): string => {
    probe.style.color = `var(--${name})`
    return getComputedStyle(probe).color
  }
  const each = (kind: string) =>
    Object.fromEntries(STATES.map((state) => [state, read(`${kind}-${state}`)])) as Record<State, string>
  const body = getComputedStyle(document.body)
  const tones = {
    fill: each('day'),
    ink: each('ink'),
    card: read('card'),
    muted: read('muted'),
    line: read('line'),
    font: body.fontFamily,
    small: Number.parseFloat(body.fontSize) * 0.75,
  }
  probe.remove()
  return tones
}
