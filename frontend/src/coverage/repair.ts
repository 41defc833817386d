// Asking the exchange once more for a day, with the progress of that work.

import { inWords } from '../shared/actions'
import { counted } from '../shared/local'
import { element, write } from '../shared/page'
import { type Ask, ask, follow, type Task } from '../shared/work'
import type { Day } from './days'

/** What to ask for, or null where every candle is there: held ones are not asked for again. */
export function askFor(series: string, day: Day): Ask | null {
  if (day.missing + day.failed + day.unpublished + day.empty === 0) return null
  return { kind: 'repair', series, since: day.startMs, until: day.endMs }
}

const ENDS: Partial<Record<Task['state'], string>> = {
  done: 'Done',
  failed: 'Failed',
  cancelled: 'Cancelled',
}

/** How the work stands, for people. */
export function repairWords(task: Task): string {
  if (task.state === 'queued') return 'Asked for; waiting for a free hand'
  const rows = task.progress.rows
  if (task.state === 'running') return rows ? `Under way: ${counted(rows, 'candle')}` : 'Under way'
  return `${ENDS[task.state]}${task.error ? `: ${task.error}` : task.words ? `: ${task.words}` : ''}`
}

export class Repair {
  private series = ''
  private day: Day | null = null
  private busy = false
  private readonly button = element<HTMLButtonElement>('repair')
  private readonly bar = element<HTMLProgressElement>('repair-progress')
  private readonly said = element('repair-words')

  constructor(private readonly over: () => Promise<void>) {
    this.button.addEventListener('click', () => void this.run())
  }

  /** Offers the repair of this day; what was said of another one goes. */
  offer(series: string, day: Day): void {
    if (series !== this.series || day.startMs !== this.day?.startMs) this.say('', '')
    this.series = series
    this.day = day
    // While it is under way the button stays, and with it the focus of a keyboard.
    this.button.hidden = askFor(series, day) === null && !this.busy
  }

  private async run(): Promise<void> {
    const { series, day } = this
    const wanted = day && askFor(series, day)
    if (this.busy || !wanted) return
    this.free(false)
    try {
      const end = await follow(await ask(wanted), (task) => this.moved(task, series, day))
      this.moved(end, series, day)
      await this.over()
    } catch (error) {
      this.say(inWords(error), 'failed')
    }
    this.free(true)
    if (this.day) this.offer(this.series, this.day)
  }

  private free(free: boolean): void {
    this.busy = !free
    this.button.setAttribute('aria-disabled', String(!free))
    this.bar.hidden = free
    this.bar.removeAttribute('value')
  }

  private moved(task: Task, series: string, day: Day): void {
    if (series !== this.series || day.startMs !== this.day?.startMs) return
    const { rows, expected_rows: all } = task.progress
    if (all) this.bar.value = Math.min(1, rows / all)
    this.say(repairWords(task), task.state)
  }

  private say(words: string, state: string): void {
    write(this.said, words)
    this.said.dataset['state'] = state
  }
}
