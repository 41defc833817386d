// Work that people ask for: its shape, asking for it, and following it to its end.

import { post } from './actions'
import { Watched } from './api'

export type Kind = 'collect' | 'backfill' | 'repair' | 'market_caps'
export type TaskState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled'

export interface Progress {
  rows: number
  expected_rows: number | null
  bytes: number
  reached_ms: number | null
  rate_rows_s: number | null
  left_s: number | null
}

export interface Task {
  id: string
  kind: Kind
  series: string | null
  state: TaskState
  asked_ms: number
  started_ms: number | null
  ended_ms: number | null
  /** Cancelled, and about to stop. */
  stopping: boolean
  progress: Progress
  words: string
  error: string | null
}

export interface Ask {
  kind: Kind
  series?: string
  since?: number
  until?: number
}

const LOOK_EVERY_MS = 400

export const isOver = (task: Task): boolean => task.state !== 'queued' && task.state !== 'running'

export async function ask(what: Ask): Promise<Task> {
  return (await post<{ task: Task }>('/api/v1/tasks', what)).task
}

export async function again(id: string): Promise<Task> {
  return (await post<{ task: Task }>(`/api/v1/tasks/${encodeURIComponent(id)}/retry`)).task
}

export async function cancel(id: string): Promise<Task> {
  return (await post<{ task: Task }>(`/api/v1/tasks/${encodeURIComponent(id)}/cancel`)).task
}

/** Looks after a task until it is over, telling `moved` each time, and gives its end. */
export async function follow(task: Task, moved: (task: Task) => void): Promise<Task> {
  const watch = new Watched<{ task: Task }>(`/api/v1/tasks/${encodeURIComponent(task.id)}`)
  let now = task
  moved(now)
  while (!isOver(now)) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
    const seen = await watch.get()
    if (seen) now = seen.task
    moved(now)
  }
  return now
}
