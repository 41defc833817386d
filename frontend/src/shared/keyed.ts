// A list that is told anew every few seconds, kept in step without losing focus or place.

export interface Kept<T> {
  part: HTMLElement
  show: (item: T) => void
}

export class KeyedList<T> {
  private readonly parts = new Map<string, Kept<T>>()

  constructor(
    private readonly place: HTMLElement,
    private readonly keyOf: (item: T) => string,
    private readonly make: (item: T) => Kept<T>,
  ) {}

  show(items: T[]): void {
    const wanted = new Set(items.map(this.keyOf))
    for (const [key, { part }] of this.parts) {
      if (wanted.has(key)) continue
      part.remove()
      this.parts.delete(key)
    }
    items.forEach((item, at) => this.put(item, at))
  }

  private put(item: T, at: number): void {
    const key = this.keyOf(item)
    const kept = this.parts.get(key) ?? this.make(item)
    this.parts.set(key, kept)
    kept.show(item)
    // Moving a part that stands right already would take the focus from it.
    const here = this.place.children[at]
    if (here !== kept.part) this.place.insertBefore(kept.part, here ?? null)
  }
}

/** What a template holds, made once more; its parts are found by class. */
export function copyOf(template: HTMLTemplateElement): { part: HTMLElement; find: <E extends HTMLElement>(name: string) => E } {
  const part = (template.content.cloneNode(true) as DocumentFragment).firstElementChild as HTMLElement
  const find = <E extends HTMLElement>(name: string): E => {
    const found = part.querySelector<E>(`.${name}`)
    if (!found) throw new Error(`the template has no .${name}`)
    return found
  }
  return { part, find }
}
