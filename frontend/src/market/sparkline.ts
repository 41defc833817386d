// A week of prices as a line of an inch: a path, drawn without any library.

const SVG = 'http://www.w3.org/2000/svg'
const WIDTH = 112
const HEIGHT = 30
const EDGE = 2

/** The path of `prices` in a box, oldest on the left, highest at the top; a flat line in the middle. */
export function pathOf(prices: readonly number[], width: number, height: number, edge = EDGE): string {
  const [low, high] = [Math.min(...prices), Math.max(...prices)]
  const round = (value: number) => Math.round(value * 100) / 100
  const points = prices.map((price, index) => {
    const x = (width * index) / (prices.length - 1)
    const share = high > low ? (price - low) / (high - low) : 0.5
    return `${round(x)} ${round(height - edge - share * (height - 2 * edge))}`
  })
  return `M${points.join('L')}`
}

/** The sparkline with its words for those who do not see it; null where there is nothing to draw. */
export function sparkline(prices: string[] | null, label: (ratio: number) => string): SVGSVGElement | null {
  const numbers = (prices ?? []).map(Number)
  const [first, last] = [numbers[0], numbers.at(-1)]
  if (numbers.length < 2 || first === undefined || last === undefined) return null
  const svg = document.createElementNS(SVG, 'svg')
  svg.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`)
  svg.setAttribute('preserveAspectRatio', 'none')
  svg.setAttribute('class', 'spark')
  svg.setAttribute('role', 'img')
  svg.setAttribute('aria-label', label(first ? last / first : 1))
  svg.dataset['direction'] = last > first ? 'up' : last < first ? 'down' : 'flat'
  const line = pathOf(numbers, WIDTH, HEIGHT)
  for (const [kind, d] of [
    ['under', `${line}L${WIDTH} ${HEIGHT}L0 ${HEIGHT}Z`],
    ['over', line],
  ] as const) {
    const path = document.createElementNS(SVG, 'path')
    path.setAttribute('class', kind)
    path.setAttribute('d', d)
    svg.append(path)
  }
  return svg
}
