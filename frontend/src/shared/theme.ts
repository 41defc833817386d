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

/** The colours in force, with `light-dark()` already decided. */
export function palette(): Palette {
  const probe = document.createElement('span')
  document.body.append(probe)
  const read = (name: string): string => {
    probe.style.color = `var(--${name})`
    return getComputedStyle(probe).color
  }
  const colours = Object.fromEntries(NAMES.map((name) => [name, read(name)]))
  const slices = Array.from({ length: SLICES }, (_, index) => read(`slice-${index}`))
  probe.remove()
  const { fontFamily: font, fontSize } = getComputedStyle(document.body)
  return { ...colours, slices, font, scale: Number.parseFloat(fontSize) / USUAL_PX } as Palette
}

const system = matchMedia('(prefers-color-scheme: dark)')

function isDark(): boolean {
  const chosen = document.documentElement.dataset['theme']
  return chosen ? chosen === 'dark' : system.matches
}

/** Light becomes dark and back; the system's own choice is not stored, so it can still change. */
function toggle(): void {
  const next = isDark() ? 'light' : 'dark'
  if ((next === 'dark') === system.matches) {
    localStorage.removeItem('theme')
    delete document.documentElement.dataset['theme']
  } else {
    localStorage.setItem('theme', next)
    document.documentElement.dataset['theme'] = next
  }
}

/** Wires the button; `changed` is called whenever the colours have changed. */
export function followTheme(button: HTMLElement, changed: () => void): void {
  const apply = () => {
    button.setAttribute('aria-pressed', String(isDark()))
    changed()
  }
  button.addEventListener('click', () => {
    toggle()
    apply()
  })
  system.addEventListener('change', apply)
  button.setAttribute('aria-pressed', String(isDark()))
}

export const calm = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches
