// Light and dark: the choice, and the colours that the canvases need, read from the style sheet.

const NAMES = [
  'card', 'text', 'muted', 'faint', 'line', 'accent', 'up', 'down', 'flat',
  'up-soft', 'down-soft', 'flat-soft', 'tag-text', 'crosshair',
] as const
export const SLICES = 10
const USUAL_PX = 15

export type Palette = Record<(typeof NAMES)[number], string> & {
  slices: string[]
  font: string
  /** How much larger than usual the page's type is, on very large screens. */
  scale: number
}

let known: Palette | null = null

/** The colours in force, with `light-dark()` already decided. */
export function palette(): Palette {
  known ??= measured()
  return known
}

/** Reads the colours from the page: all at once, for each reading lays the page out anew. */
function measured(): Palette {
  const box = document.createElement('span')
  const names = [...NAMES, ...Array.from({ length: SLICES }, (_, index) => `slice-${index}`)]
  const probes = names.map((name) => {
    const probe = document.createElement('span')
    probe.style.color = `var(--${name})`
    box.append(probe)
    return probe
  })
  document.body.append(box)
  const colours = probes.map((probe) => getComputedStyle(probe).color)
  box.remove()
  const { fontFamily: font, fontSize } = getComputedStyle(document.body)
  return {
    ...Object.fromEntries(NAMES.map((name, index) => [name, colours[index]])),
    slices: colours.slice(NAMES.length),
    font,
    scale: Number.parseFloat(fontSize) / USUAL_PX,
  } as Palette
}

const system = matchMedia('(prefers-color-scheme: dark)')

function isDark(): boolean {
  const chosen = document.documentElement.dataset['theme']
  return chosen ? chosen === 'dark' : system.matches
}

const YEAR_S = 31_536_000

/**
 * Light becomes dark and back; the system's own choice is not stored, so it can still change.
 * A cookie remembers, because the server then sends the page in the right colours at once.
 */
function toggle(): void {
  const next = isDark() ? 'light' : 'dark'
  const usual = (next === 'dark') === system.matches
  document.cookie = `theme=${next}; Path=/; SameSite=Lax; Max-Age=${usual ? 0 : YEAR_S}`
  if (usual) delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = next
}

/** Wires the button; `changed` is called whenever the colours have changed. */
export function followTheme(button: HTMLElement, changed: () => void): void {
  const apply = () => {
    known = null
    button.setAttribute('aria-pressed', String(isDark()))
    changed()
  }
  button.addEventListener('click', () => {
    toggle()
    apply()
  })
  system.addEventListener('change', apply)
  addEventListener('resize', () => (known = null)) // the type grows with the window
  button.setAttribute('aria-pressed', String(isDark()))
}

export const calm = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches
