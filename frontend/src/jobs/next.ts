// What comes next: repeated work by the time at which it is due, counting down.

import { dateAndTime } from '../shared/local'
import { copyOf, type Kept, KeyedList } from '../shared/keyed'
import { counted } from '../shared/local'
import { element, write } from '../shared/page'
import { ago } from '../shared/times'
import { byDue, dueWords, type Job, named } from './words'

const AT_FIRST = 20

export class NextList {
  private jobs: Job[] = []
  private all = false
  private readonly list = new KeyedList<Job>(element('jobs'), (job) => job.name, () => this.row())

  /** `now` tells the server's time in milliseconds. */
  constructor(private readonly now: () => number) {
    element('all-jobs').addEventListener('click', () => {
      this.all = true
      this.draw()
    })
  }

  show(jobs: Job[]): void {
    this.jobs = byDue(jobs)
    this.draw()
  }

  /** The countdowns go on between two answers. */
  draw(): void {
    const shown = this.all ? this.jobs : this.jobs.slice(0, AT_FIRST)
    this.list.show(shown)
    element('no-jobs').hidden = this.jobs.length > 0
    const more = element('all-jobs')
    more.hidden = shown.length === this.jobs.length
    write(more, `Show all ${this.jobs.length}`)
    const failing = this.jobs.filter((job) => job.failures > 0).length
    write(element('jobs-note'), failing ? `${counted(failing, 'job')} failing` : '')
  }

  private row(): Kept<Job> {
    const { part, find } = copyOf(element<HTMLTemplateElement>('job-template'))
    const show = (job: Job): void => {
      const now = this.now()
      const { name, chip, quiet } = named(job.name)
      part.dataset['job'] = job.name
      part.dataset['running'] = String(job.running)
      write(find('job-name'), name)
      write(find('chip'), chip)
      find('chip').hidden = chip === ''
      write(find('job-exchange'), quiet)
      write(find('job-due'), dueWords(job, now))
      find('job-due').title = job.due_ms ? `${dateAndTime(job.due_ms)} UTC` : ''
      const last = job.succeeded_ms === null ? 'never done yet' : `last done ${ago(now - job.succeeded_ms)}`
      write(find('job-last'), job.running && job.holder ? `${last}, now by ${job.holder}` : last)
      write(find('error'), job.failures ? `${counted(job.failures, 'failure')} in a row: ${job.error ?? 'no words'}` : '')
    }
    return { part, show }
  }
}
