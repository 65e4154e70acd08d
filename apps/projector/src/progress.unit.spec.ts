import { Progress } from './progress.js'

/** A projector, a log and a clock that a test moves by hand. */
class Scene {
  lanes: readonly number[] = [0, 1]
  position: bigint | undefined = 0n
  batches = 0
  isIndexingLive = false
  log: bigint | Error = 0n
  asked = 0
  private now_ms = 1_000_000
  private readonly progress = new Progress({
    projector: this,
    head: { find: () => this.find() },
    still_ms_max: 10_000,
    now_ms: () => this.now_ms,
  })

  private find(): Promise<bigint> {
    this.asked += 1
    return this.log instanceof Error ? Promise.reject(this.log) : Promise.resolve(this.log)
  }

  /** What each look says, one every so many ms. */
  async looks(times: number, every_ms = 1_000, between: () => void = () => undefined): Promise<(string | undefined)[]> {
    const said: (string | undefined)[] = []
    for (let look = 0; look < times; look += 1) {
      said.push(await this.progress.check())
      this.now_ms += every_ms
      between()
    }
    return said
  }

  fold(to: bigint): void {
    this.position = to
    this.batches += 1
  }
}

const nothing = (times: number): undefined[] => Array.from({ length: times }, () => undefined)
let scene: Scene
beforeEach(() => {
  scene = new Scene()
})

test('who folds nothing for ten seconds while the log is ahead has stalled, and says how far both are', async () => {
  scene.log = 12n
  scene.position = 7n
  expect(await scene.looks(12)).toEqual([
    ...nothing(10),
    'nothing was folded for 10 s; the log is at 12, this instance at 7',
    'nothing was folded for 11 s; the log is at 12, this instance at 7',
  ])
  scene.fold(8n)
  expect(await scene.looks(10)).toEqual(nothing(10))
})

test('to begin folding again and again, and to fail each time, is no progress', async () => {
  scene.log = 12n
  let turn = 0
  const begin = (): void => {
    turn += 1
    scene.position = turn % 2 === 0 ? 7n : undefined
  }
  expect((await scene.looks(12, 1_000, begin)).at(-1)).toMatch(/^nothing was folded for 11 s; the log is at 12/)
})

describe('is no stall', () => {
  test('to catch up for long', async () => {
    scene.log = 1_000_000n
    let at = 0n
    expect(await scene.looks(60, 1_000, () => scene.fold((at += 100n)))).toEqual(nothing(60))
  })

  test('to catch up with a build that is behind the lanes, which do not move meanwhile', async () => {
    scene.log = 1_000_000n
    expect(await scene.looks(60, 1_000, () => (scene.batches += 1))).toEqual(nothing(60))
  })

  test('to have nothing to do for long, and then a first event, however seldom somebody looks', async () => {
    scene.position = scene.log = 7n
    expect(await scene.looks(30, 30_000)).toEqual(nothing(30))
    scene.log = 8n
    expect(await scene.looks(1)).toEqual(nothing(1))
    scene.fold(8n)
    expect(await scene.looks(30, 30_000)).toEqual(nothing(30))
  })

  test('to own no lane', async () => {
    scene.lanes = []
    scene.position = undefined
    scene.log = 12n
    expect(await scene.looks(60)).toEqual(nothing(60))
    expect(scene.asked).toBe(0)
  })

  test('to make the indexes of what is live', async () => {
    scene.log = 12n
    scene.isIndexingLive = true
    expect(await scene.looks(60)).toEqual(nothing(60))
    scene.isIndexingLive = false
    expect(await scene.looks(10)).toEqual(nothing(10))
  })

  test('a moment in which the log does not answer; an outage is told, and over as soon as it answers', async () => {
    scene.position = 7n
    scene.log = new Error('gone')
    expect(await scene.looks(5)).toEqual(nothing(5))
    scene.log = 7n
    expect(await scene.looks(20)).toEqual(nothing(20))
    scene.log = new Error('gone')
    expect((await scene.looks(11)).at(-1)).toBe('nothing was folded for 10 s; where the log ends is not known: gone')
    // It takes a moment to follow it again.
    scene.log = 9n
    expect(await scene.looks(10)).toEqual(nothing(10))
  })
})

test('while it is known that there is something to do the log is not asked', async () => {
  scene.log = 12n
  await scene.looks(10)
  expect(scene.asked).toBe(1)
})
