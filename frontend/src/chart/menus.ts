// A small menu under a button: opened by click or arrow key, walked by arrow keys, left by Escape.

const GAP_PX = 6
const EDGE_PX = 8

export interface EntryOptions {
  /** Set for entries that are on or off. */
  checked?: boolean
  /** One of several, of which one is chosen. */
  radio?: boolean
  /** Smaller words at the end of the line. */
  hint?: string
  icon?: string
  /** Leaves the menu open. */
  keep?: boolean
}

/** What a menu is filled with. `dialog` is for menus that hold fields beside their entries. */
export type Fill = (menu: Menu) => void

export class Menu {
  readonly box = document.createElement('div')
  private readonly outside = (event: Event): void => this.clickedAt(event.target as Node)

  constructor(
    readonly button: HTMLElement,
    private readonly fill: Fill,
    private readonly kind: 'menu' | 'dialog' = 'menu',
  ) {
    this.box.className = 'menu'
    this.box.tabIndex = -1
    this.box.setAttribute('role', kind)
    this.box.setAttribute('aria-label', button.getAttribute('aria-label') ?? button.textContent?.trim() ?? '')
    this.box.addEventListener('keydown', (event) => this.key(event))
    button.addEventListener('click', () => this.toggle())
    button.addEventListener('keydown', (event) => {
      if (event.key !== 'ArrowDown') return
      event.preventDefault()
      this.open()
    })
    addEventListener('resize', () => this.place())
  }

  get isOpen(): boolean {
    return this.box.isConnected
  }

  toggle(): void {
    if (this.isOpen) this.close()
    else this.open()
  }

  open(): void {
    if (this.isOpen) return
    this.refill()
    document.body.append(this.box)
    this.place()
    this.button.setAttribute('aria-expanded', 'true')
    addEventListener('pointerdown', this.outside, true)
    ;(this.box.querySelector<HTMLElement>('input[type="search"]') ?? this.checked ?? this.stops[0] ?? this.box).focus()
  }

  close(returnFocus = true): void {
    if (!this.isOpen) return
    removeEventListener('pointerdown', this.outside, true)
    this.box.remove()
    this.button.setAttribute('aria-expanded', 'false')
    if (returnFocus) this.button.focus()
  }

  /** Fills it anew, with the focus where it was. */
  refill(): void {
    const at = this.stops.indexOf(document.activeElement as HTMLElement)
    this.box.replaceChildren()
    this.fill(this)
    if (at >= 0) (this.stops[Math.min(at, this.stops.length - 1)] ?? this.box).focus()
  }

  /** One line that can be chosen. */
  entry(words: string, options: EntryOptions, chosen: () => void, place: HTMLElement = this.box): HTMLElement {
    const entry = document.createElement('button')
    entry.type = 'button'
    this.dress(entry, words, options)
    entry.addEventListener('click', () => {
      if (!options.keep) this.close()
      chosen()
    })
    place.append(entry)
    return entry
  }

  /** One line that leads to a file. */
  link(words: string, options: EntryOptions, href: string, file: string): HTMLElement {
    const entry = document.createElement('a')
    entry.href = href
    entry.download = file
    this.dress(entry, words, options)
    entry.addEventListener('click', () => setTimeout(() => this.close()))
    this.box.append(entry)
    return entry
  }

  heading(words: string): void {
    const heading = document.createElement('p')
    heading.className = 'menu-heading'
    heading.textContent = words
    this.box.append(heading)
  }

  private dress(entry: HTMLElement, words: string, { checked, radio, hint, icon }: EntryOptions): void {
    entry.className = 'entry'
    const named = this.kind === 'menu'
    const choice = checked === undefined ? '' : radio ? 'radio' : 'checkbox'
    if (named) entry.setAttribute('role', `menuitem${choice}`)
    else if (choice) entry.setAttribute('role', choice === 'radio' ? 'radio' : 'switch')
    if (checked !== undefined) entry.setAttribute('aria-checked', String(checked))
    if (named) entry.tabIndex = -1
    const mark = checked === undefined ? icon : 'M4.5 10.5l3.5 3.5 7.5-8'
    if (mark) entry.append(drawing(mark, checked === undefined ? 'entry-icon' : 'entry-check'))
    entry.append(span('entry-words', words))
    if (hint) entry.append(span('entry-hint', hint))
  }

  /** Everything the focus can stand on. */
  private get stops(): HTMLElement[] {
    return [...this.box.querySelectorAll<HTMLElement>('a, button, input')]
  }

  private get checked(): HTMLElement | null {
    return this.box.querySelector<HTMLElement>('[aria-checked="true"]')
  }

  private clickedAt(target: Node): void {
    if (!this.box.contains(target) && !this.button.contains(target)) this.close(false)
  }

  private key(event: KeyboardEvent): void {
    const { stops } = this
    const at = stops.indexOf(document.activeElement as HTMLElement)
    const typing = (event.target as HTMLElement).matches('input:not([type="search"])')
    const actions: Record<string, () => void> = {
      ArrowDown: () => stops[(at + 1) % stops.length]?.focus(),
      ArrowUp: () => stops[(at - 1 + stops.length) % stops.length]?.focus(),
      Escape: () => this.close(),
      ...(event.target instanceof HTMLInputElement ? {} : { Home: () => stops[0]?.focus(), End: () => stops.at(-1)?.focus() }),
      ...(this.kind === 'menu' ? { Tab: () => this.close() } : {}),
    }
    event.stopPropagation() // keys of the page are not meant while a menu is open
    const action = actions[event.key]
    if (action) {
      event.preventDefault()
      action()
    } else if (!typing && event.key.length === 1 && this.kind === 'menu') {
      this.jump(event.key.toLowerCase(), at)
    }
  }

  /** To the next entry that begins with a letter. */
  private jump(letter: string, at: number): void {
    const { stops } = this
    const after = [...stops.slice(at + 1), ...stops.slice(0, at + 1)]
    after.find((one) => one.textContent?.trim().toLowerCase().startsWith(letter))?.focus()
  }

  /** Under its button; a style sheet makes a sheet at the bottom of it on phones. */
  private place(): void {
    if (!this.isOpen) return
    const { left, bottom } = this.button.getBoundingClientRect()
    const widest = document.documentElement.clientWidth - this.box.offsetWidth - EDGE_PX
    this.box.style.setProperty('--x', `${Math.max(EDGE_PX, Math.min(left, widest))}px`)
    this.box.style.setProperty('--y', `${bottom + GAP_PX}px`)
  }
}

function span(name: string, words: string): HTMLElement {
  const made = document.createElement('span')
  made.className = name
  made.textContent = words
  return made
}

const SVG = 'http://www.w3.org/2000/svg'

/** An icon of one stroke, on a field of twenty by twenty. */
export function drawing(d: string, name: string): SVGElement {
  const icon = document.createElementNS(SVG, 'svg')
  const path = document.createElementNS(SVG, 'path')
  for (const [key, value] of Object.entries({ viewBox: '0 0 20 20', width: '18', height: '18', 'aria-hidden': 'true', class: name })) {
    icon.setAttribute(key, value)
  }
  path.setAttribute('d', d)
  icon.append(path)
  return icon
}
