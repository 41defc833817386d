// The rate budget of each exchange: how much of the running minute is used, as a gauge and in words.

import { wholePercent } from '../shared/formats'
import { copyOf, type Kept, KeyedList } from '../shared/keyed'
import { element, write } from '../shared/page'
import { type Budget, budgetTone, budgetWords } from './words'

const AROUND = 100

export class Budgets {
  private readonly list = new KeyedList<Budget>(element('budgets'), (one) => one.exchange, () => this.item())

  show(budgets: Budget[]): void {
    this.list.show(budgets)
    element('no-budgets').hidden = budgets.length > 0
  }

  private item(): Kept<Budget> {
    const { part, find } = copyOf(element<HTMLTemplateElement>('budget-template'))
    const arc = part.querySelector('.arc') as SVGPathElement
    const show = (budget: Budget): void => {
      const gauge = find('gauge')
      const words = budgetWords(budget)
      part.dataset['exchange'] = budget.exchange
      part.dataset['tone'] = budgetTone(budget)
      gauge.setAttribute('aria-label', `Requests to ${budget.exchange}`)
      gauge.setAttribute('aria-valuemax', String(budget.limit))
      gauge.setAttribute('aria-valuenow', String(Math.min(budget.used, budget.limit)))
      gauge.setAttribute('aria-valuetext', words)
      const share = budget.limit ? Math.min(1, budget.used / budget.limit) : 0
      // The arc counts as a hundred long; of what is not drawn there is more than enough.
      arc.setAttribute('stroke-dasharray', `${share * AROUND} ${AROUND * 2}`)
      write(find('gauge-share'), wholePercent(share * 100))
      write(find('budget-name'), budget.exchange)
      write(find('budget-words'), words)
    }
    return { part, show }
  }
}
