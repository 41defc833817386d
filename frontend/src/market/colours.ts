// One colour per coin, the same in ring, table and area, and the same at every date.

const HUES = 10
/** How far the colours of later rounds lean towards the card or the text, so that none repeats. */
const LEANINGS: readonly (readonly ['card' | 'text', number])[] = [
  ['card', 0],
  ['card', 0.38],
  ['text', 0.28],
  ['card', 0.6],
  ['text', 0.5],
]

type Rgb = [number, number, number]

function parse(colour: string): Rgb {
  const found = colour.match(/[\d.]+/g)?.map(Number) ?? []
  return [found[0] ?? 0, found[1] ?? 0, found[2] ?? 0]
}

/** `share` of `other` mixed into `colour`; both as the browser computes them, `rgb(1, 2, 3)`. */
export function mixed(colour: string, other: string, share: number): string {
  const [a, b] = [parse(colour), parse(other)]
  const parts = a.map((value, index) => Math.round(value + ((b[index] as number) - value) * share))
  return `rgb(${parts.join(', ')})`
}

export class Colours {
  private readonly places = new Map<string, number>()

  /** Gives every coin that is new the next colour. */
  meet(ids: Iterable<string>): void {
    for (const id of ids) if (!this.places.has(id)) this.places.set(id, this.places.size)
  }

  of(id: string, palette: { slices: string[]; card: string; text: string }): string {
    this.meet([id])
    const place = this.places.get(id) as number
    const hue = palette.slices[place % HUES] as string
    const [towards, share] = LEANINGS[Math.floor(place / HUES) % LEANINGS.length] as (typeof LEANINGS)[number]
    return mixed(hue, palette[towards], share)
  }
}
