// What every page's header does: light and dark.

import { element } from './page'
import { followTheme } from './theme'

/** Wires the header; `recolour` is called whenever the colours have changed. */
export function wireHeader(recolour: () => void): void {
  followTheme(element('theme'), recolour)
}
