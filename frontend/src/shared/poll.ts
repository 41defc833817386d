// Doing a thing every few seconds: not while the page is hidden, and at once when it is seen again.

export class Poll {
  private timer: number | undefined
  private running = false

  constructor(
    private readonly everyMs: number,
    private readonly work: () => Promise<void>,
  ) {
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.now()
    })
  }

  /** Works now, and from now on. */
  now(): void {
    clearTimeout(this.timer)
    void this.run()
  }

  private async run(): Promise<void> {
    if (this.running) return
    this.running = true
    try {
      await this.work()
    } finally {
      this.running = false
      clearTimeout(this.timer)
      if (!document.hidden) this.timer = setTimeout(() => this.now(), this.everyMs)
    }
  }
}
