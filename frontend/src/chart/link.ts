// A link to what is shown: all of the address, and in its fragment what the address does not hold.

import { symbolOf } from './drawingstore'
import { packed, unpack } from './linkdata'
import { tell } from './toast'
import type { Tools } from './tools'

/** The whole link. What is usual is said too, so that it looks the same where other things are liked. */
function linkOf(tools: Tools): { url: string; left: number } {
  const { desk, drawings } = tools
  const url = new URL(desk.link(), location.href)
  for (const name of ['ind', 'axis', 'tz']) if (!url.searchParams.has(name)) url.searchParams.set(name, name === 'tz' ? 'UTC' : '')
  const symbols = [...new Set(desk.panels.filter((panel) => panel.series).map((panel) => symbolOf(panel.series)))]
  const drawn = Object.fromEntries(symbols.map((symbol) => [symbol, [...drawings.store.of(symbol)]]).filter(([, ones]) => ones?.length))
  const { fragment, left } = packed({ drawings: drawn, parameters: tools.unusual })
  return { url: url.href.replaceAll('%3A', ':').replaceAll('%2C', ',') + fragment, left }
}

export async function copyLink(tools: Tools): Promise<void> {
  const { url, left } = linkOf(tools)
  const but = left > 0 ? ` ${left} of the drawings had no room in it.` : ''
  try {
    await navigator.clipboard.writeText(url)
    tell(`The link is copied.${but}`)
  } catch {
    // Browsers keep the clipboard from pages that are not served safely.
    window.prompt('Copy this link', url)
  }
}

/** Takes what came with a link to one's own, and tells. */
export function take(tools: Tools, fragment: string): void {
  const carried = unpack(fragment)
  if (!carried) return tell('The drawings in this link could not be read.')
  const added = Object.entries(carried.drawings ?? {})
    .filter(([symbol]) => /^[a-z0-9-]+:[A-Za-z0-9_.-]+$/.test(symbol))
    .reduce((sum, [symbol, found]) => sum + tools.drawings.add(symbol, found), 0)
  if (carried.parameters && typeof carried.parameters === 'object') tools.borrow(carried.parameters)
  if (added > 0) tell(`${added === 1 ? 'One drawing' : `${added} drawings`} of this link ${added === 1 ? 'was' : 'were'} added to yours.`)
}
