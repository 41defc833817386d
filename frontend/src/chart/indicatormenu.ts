// The menu of indicators: which are on, and their parameters.

import { fit, type Kind, KINDS, LARGEST, MOST_PARAMETERS, takesMany, typed } from './indicators'
import { drawing, Menu } from './menus'
import type { Tools } from './tools'

const SLIDERS = 'M3 6h7M14 6h3M3 14h3M10 14h7M12 4v4M8 12v4'
const PLACES: readonly [Kind['place'], string][] = [
  ['price', 'On the candles'],
  ['volume', 'On the volume'],
  ['own', 'Below the chart'],
]

export function open(tools: Tools, button: HTMLElement): void {
  let opened: string | null = null
  const menu = new Menu(
    button,
    (menu) => {
      for (const [place, words] of PLACES) {
        menu.heading(words)
        for (const kind of KINDS.filter((one) => one.place === place)) row(tools, menu, kind, opened === kind.name, show)
      }
    },
    'dialog',
  )
  const show = (name: string | null): void => {
    opened = name
    menu.refill()
  }
  menu.box.classList.add('wide-menu')
  menu.open()
}

function row(tools: Tools, menu: Menu, kind: Kind, opened: boolean, show: (name: string | null) => void): void {
  const line = document.createElement('div')
  line.className = 'entry-row'
  menu.box.append(line)
  const checked = tools.desk.state.indicators.includes(kind.name)
  const hint = tools.parameters(kind).join(', ')
  menu.entry(`${kind.title}`, { checked, hint: `${kind.name} ${hint}`, keep: true }, () => {
    tools.switchIndicator(kind, !checked)
    menu.refill()
  }, line)
  const set = document.createElement('button')
  set.type = 'button'
  set.className = 'icon'
  set.setAttribute('aria-label', `Set up ${kind.title}`)
  set.setAttribute('aria-expanded', String(opened))
  set.append(drawing(SLIDERS, ''))
  set.addEventListener('click', () => show(opened ? null : kind.name))
  line.append(set)
  if (opened) menu.box.append(form(tools, menu, kind))
}

function form(tools: Tools, menu: Menu, kind: Kind): HTMLElement {
  const form = document.createElement('div')
  form.className = 'entry-form'
  const problem = document.createElement('p')
  problem.setAttribute('role', 'alert')
  const inputs = takesMany(kind)
    ? [field('Periods', tools.parameters(kind).join(', '), 'text')]
    : kind.names.map((name, index) => field(name, String(tools.parameters(kind)[index]), 'number'))
  const apply = (): void => {
    const values = inputs.flatMap(([, input]) => (takesMany(kind) ? typed(input.value) : [input.value === '' ? NaN : Number(input.value)]))
    const fitting = fit(kind, values)
    for (const [, input] of inputs) input.setAttribute('aria-invalid', String(!fitting))
    problem.textContent = fitting ? '' : wrong(kind)
    if (fitting) tools.setParameters(kind, fitting)
  }
  for (const [label, input] of inputs) {
    input.addEventListener('change', apply)
    form.append(label)
  }
  const usual = document.createElement('button')
  usual.type = 'button'
  usual.className = 'link'
  usual.textContent = `As usual: ${kind.parameters.join(', ')}`
  usual.addEventListener('click', () => {
    tools.setParameters(kind, null)
    menu.refill()
  })
  form.append(problem, usual)
  return form
}

const wrong = (kind: Kind): string =>
  takesMany(kind) ? `One to ${MOST_PARAMETERS} whole numbers from 1 to ${LARGEST}, with commas between them.` : `Numbers from 1 to ${LARGEST}.`

function field(name: string, value: string, type: string): [HTMLElement, HTMLInputElement] {
  const label = document.createElement('label')
  const input = document.createElement('input')
  Object.assign(input, { type, value, min: '1', max: String(LARGEST), step: 'any', autocomplete: 'off' })
  input.inputMode = type === 'number' ? 'decimal' : 'text'
  label.append(name, input)
  return [label, input]
}
