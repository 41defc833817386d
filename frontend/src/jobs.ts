// The jobs page: what runs and was asked for, what comes next, what ran, and what exchanges grant.

import './styles/jobs.css'
import { type Status, Watched } from './shared/api'
import { inWords } from './shared/actions'
import { element, write } from './shared/page'
import { Poll } from './shared/poll'
import { wireHeader } from './shared/nav'
import { clock } from './shared/times'
import { Budgets } from './jobs/budgets'
import { NextList } from './jobs/next'
import { RanList } from './jobs/ran'
import { StartForm } from './jobs/start'
import { TaskList, type Tasks } from './jobs/tasks'
import type { Budget, Job } from './jobs/words'

const EVERY_MS = 2_000
const TASKS = 30

class Page {
  private skewMs = 0
  private readonly tasksWatch = new Watched<Tasks>(`/api/v1/tasks?limit=${TASKS}`)
  private readonly jobsWatch = new Watched<{ now_ms: number; jobs: Job[] }>('/api/v1/jobs')
  private readonly statusWatch = new Watched<Status & { budgets: Budget[] }>('/api/v1/status?brief=true')
  private readonly poll: Poll = new Poll(EVERY_MS, () => this.look())
  private readonly soon = () => this.poll.now()
  private readonly tasks = new TaskList(this.soon)
  private readonly next = new NextList(() => this.now())
  private readonly ran = new RanList(this.soon)
  private readonly budgets = new Budgets()

  start(): void {
    wireHeader(() => undefined)
    new StartForm(this.soon)
    this.ran.start(new URL(location.href).searchParams)
    setInterval(() => this.next.draw(), 1000)
    this.poll.now()
  }

  private now(): number {
    return Date.now() + this.skewMs
  }

  private async look(): Promise<void> {
    try {
      const [tasks, jobs, status] = await Promise.all([
        this.tasksWatch.get(),
        this.jobsWatch.get(),
        this.statusWatch.get(),
        this.ran.refresh(),
      ])
      if (jobs) this.skewMs = jobs.now_ms - Date.now()
      if (tasks) this.tasks.show(tasks)
      if (jobs) this.next.show(jobs.jobs)
      if (status) this.budgets.show(status.budgets)
      this.say('good', `Looked at ${clock(this.now())} UTC`)
      element('work').dataset['ready'] = 'true'
    } catch (error) {
      this.say('lost', inWords(error))
    }
  }

  private say(tone: string, text: string): void {
    element('state').dataset['tone'] = tone
    write(element('state-text'), text)
  }
}

new Page().start()
