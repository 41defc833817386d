// What every page's header does: light and dark, and the way out.

import { inWords, post } from './actions'
import { element } from './page'
import { followTheme } from './theme'

/** Wires the header; `recolour` is called whenever the colours have changed. */
export function wireHeader(recolour: () => void): void {
  followTheme(element('theme'), recolour)
  const out = document.getElementById('sign-out')
  out?.addEventListener('click', () => void signOut(out))
}

async function signOut(button: HTMLElement): Promise<void> {
  try {
    await post('/logout')
    location.assign('/login')
  } catch (error) {
    button.title = inWords(error)
  }
}
