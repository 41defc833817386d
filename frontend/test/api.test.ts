import { afterEach, expect, test, vi } from 'vitest'
import { foresee, Watched } from '../src/shared/api'

const answered = (status: number, body: unknown = null): Response =>
  new Response(body === null ? null : JSON.stringify(body), { status, headers: { ETag: '"1"' } })

afterEach(() => vi.unstubAllGlobals())

test('what was foreseen is taken once, and asked for again only if it has changed', async () => {
  const fetched = vi.fn().mockResolvedValueOnce(answered(200, { rows: 3 })).mockResolvedValueOnce(answered(304))
  vi.stubGlobal('fetch', fetched)
  await foresee('/a')
  const [first, second] = [new Watched('/a'), new Watched('/a')]
  expect([first.take(), first.take(), second.take()]).toEqual([{ rows: 3 }, null, null])
  expect(await first.get()).toBeNull()
  expect(fetched.mock.calls[1]?.[1].headers).toEqual({ 'If-None-Match': '"1"' })
})

test('a refusal is not foreseen: who asks is told', async () => {
  vi.stubGlobal('fetch', vi.fn(async () => answered(404, { error: { message: 'no such series' } })))
  await foresee('/b')
  const watched = new Watched('/b')
  expect(watched.take()).toBeNull()
  await expect(watched.get()).rejects.toThrow('no such series')
})
