// What people have asked for: how far it is, and a way to stop it or to try again.

import { inWords } from '../shared/actions'
import { type Kept, KeyedList, copyOf } from '../shared/keyed'
import { element, write } from '../shared/page'
import { again, cancel, isOver, type Task } from '../shared/work'
import { done, KIND_WORDS, named, progressWords, STATE_WORDS, whenWords } from './words'

export interface Tasks {
  tasks: Task[]
  runners: number
}

const NOBODY =
  'Nobody works on what is asked for: no process that does tasks runs with this store. ' +
  'Start `chandlery serve`, or `chandlery worker --tasks` beside what runs, and the work begins by itself.'

export class TaskList {
  private readonly list = new KeyedList<Task>(element('tasks'), (task) => task.id, () => this.item())

  /** `changed` is called after an action, so that its result is seen at once. */
  constructor(private readonly changed: () => void) {}

  show({ tasks, runners }: Tasks): void {
    this.list.show(tasks)
    element('no-tasks').hidden = tasks.length > 0
    const stuck = runners === 0
    element('no-runners').hidden = !stuck
    if (stuck) write(element('no-runners'), NOBODY)
    const open = tasks.filter((task) => !isOver(task)).length
    write(element('tasks-note'), open ? `${open} under way` : '')
  }

  private item(): Kept<Task> {
    const { part, find } = copyOf(element<HTMLTemplateElement>('task-template'))
    let now: Task | null = null
    const acted = (action: (id: string) => Promise<Task>) => async () => {
      if (!now) return
      try {
        await action(now.id)
        write(find('act-error'), '')
      } catch (error) {
        write(find('act-error'), inWords(error))
      }
      this.changed()
    }
    find('cancel').addEventListener('click', acted(cancel))
    find('retry').addEventListener('click', acted(again))
    const show = (task: Task): void => {
      now = task
      fill(task, part, find)
    }
    return { part, show }
  }
}

function fill(task: Task, part: HTMLElement, find: ReturnType<typeof copyOf>['find']): void {
  const { name, chip, quiet } = named(task.series ?? 'coingecko:market-caps')
  part.dataset['state'] = task.state
  part.dataset['task'] = task.id
  write(find('task-kind'), KIND_WORDS[task.kind])
  write(find('task-name'), task.kind === 'market_caps' ? '' : name)
  write(find('chip'), chip)
  find('chip').hidden = chip === ''
  write(find('task-exchange'), task.kind === 'market_caps' ? '' : quiet)
  write(find('badge-state'), task.stopping && !isOver(task) ? 'stopping' : STATE_WORDS[task.state])
  write(find('task-progress-words'), progressWords(task).join(' · '))
  write(find('task-when'), whenWords(task))
  write(find('task-words'), task.words)
  write(find('error'), task.error ?? '')
  bar(task, find<HTMLProgressElement>('task-progress'))
  const what = `${KIND_WORDS[task.kind]} ${task.series ?? ''}`.trim()
  button(find('cancel'), !isOver(task) && !task.stopping, `Cancel: ${what}`)
  button(find('retry'), task.state === 'failed' || task.state === 'cancelled', `Try again: ${what}`)
}

function bar(task: Task, progress: HTMLProgressElement): void {
  const share = done(task)
  progress.hidden = task.state !== 'running' && task.state !== 'queued'
  if (task.state === 'queued') progress.value = 0
  else if (share === null) progress.removeAttribute('value')
  else progress.value = share
}

function button(one: HTMLElement, shown: boolean, label: string): void {
  one.hidden = !shown
  one.setAttribute('aria-label', label)
}
