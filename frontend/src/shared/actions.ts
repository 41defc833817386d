// Asking the server to do something, with the proof that the request comes from this page.

import { Refused } from './api'

const PATIENCE_MS = 15_000

function proof(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf"]')?.content ?? ''
}

async function words(answer: Response): Promise<string> {
  const body = await answer.json().catch(() => null)
  return body?.error?.message ?? `The server answered ${answer.status}.`
}

async function send<T>(method: string, path: string, body?: object): Promise<T> {
  const headers: Record<string, string> = { 'X-Chandlery-Token': proof() }
  if (body) headers['Content-Type'] = 'application/json'
  const answer = await fetch(path, {
    method,
    headers,
    body: body ? JSON.stringify(body) : null,
    signal: AbortSignal.timeout(PATIENCE_MS),
  })
  if (!answer.ok) throw new Refused(await words(answer))
  return (await answer.json().catch(() => ({}))) as T
}

/** Throws `Refused` with the server's words when it does not do it. */
export const post = <T>(path: string, body: object = {}): Promise<T> => send<T>('POST', path, body)

/** What to tell a person of anything that went wrong. */
export function inWords(error: unknown): string {
  return error instanceof Refused ? error.message : 'No answer from Chandlery. Is it still running?'
}
