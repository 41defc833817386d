// Who entered and who left the biggest ten, as a list; each line leads to its moment.

import { element, write } from '../shared/page'
import type { Change, Changes, Mover } from './answers'
import { moment } from './figures'

/** `Cardano`, `Cardano and Sui`, `Cardano, Sui and Tron` */
export function listed(names: string[]): string {
  if (names.length < 2) return names[0] ?? ''
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

const ranked = (mover: Mover): string => (mover.rank === null ? mover.name : `${mover.name} (${mover.rank})`)

export function entered(change: Change): string {
  return `${listed(change.entered.map(ranked))} entered`
}

export function left(change: Change): string {
  return `${listed(change.left.map(ranked))} left`
}

export class Moves {
  constructor(private readonly chosen: (ms: number) => void) {}

  show({ changes, has_more }: Changes): void {
    element('moves').dataset['empty'] = String(changes.length === 0)
    element('moves-list').replaceChildren(...changes.map((change) => this.item(change)))
    write(element('moves-more'), has_more ? `The newest ${changes.length}` : '')
  }

  private item(change: Change): HTMLLIElement {
    const item = document.createElement('li')
    const button = document.createElement('button')
    button.type = 'button'
    button.title = 'Show the market at this moment'
    button.addEventListener('click', () => this.chosen(change.taken_ms))
    const time = document.createElement('time')
    time.dateTime = new Date(change.taken_ms).toISOString()
    time.textContent = moment(change.taken_ms)
    const words = [
      ['in', entered(change)],
      ['out', left(change)],
    ] as const
    button.append(
      time,
      ...words.map(([kind, text]) => {
        const line = document.createElement('span')
        line.className = kind
        line.textContent = text
        return line
      }),
    )
    item.append(button)
    return item
  }
}
