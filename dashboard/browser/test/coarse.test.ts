import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Coarse, COARSEST, REST_MS, TRUST_MS } from '../src/map/coarse'

function surface(ms: number) {
  const world = { time: 0, ms, shares: [] as number[], due: null as { at: number; run: () => void } | null }
  const coarse = new Coarse({
    scale: (share) => void world.shares.push(share),
    frameMs: () => world.ms,
    now: () => world.time,
    later: (wait, run) => {
      const mine = (world.due = { at: world.time + wait, run })
      return () => {
        if (world.due === mine) world.due = null
      }
    },
  })
  const pass = (wait: number) => {
    const end = world.time + wait
    while (world.due && world.due.at <= end) {
      const { at, run } = world.due
      world.time = at
      world.due = null
      run()
    }
    world.time = end
  }
  return { world, coarse, pass }
}

test('a machine that draws fast always draws all pixels', () => {
  const { world, coarse, pass } = surface(16)
  for (let i = 0; i < 100; i++) {
    coarse.moved()
    pass(16)
  }
  assert.deepEqual(world.shares, [])
})

test('a slow machine has fewer pixels while the map moves, and all of them once it rests', () => {
  const { world, coarse, pass } = surface(128)
  for (let i = 0; i < 20; i++) {
    coarse.moved()
    pass(100)
  }
  assert.equal(world.shares.length, 1)
  assert.ok(world.shares[0]! > 0.5 && world.shares[0]! < 0.65, String(world.shares[0]))
  pass(REST_MS)
  assert.equal(world.shares[1], 1)
  assert.equal(coarse.share, 1)
})

test('however slow, no picture is coarser than the coarsest', () => {
  const { world, coarse } = surface(4000)
  coarse.moved()
  assert.deepEqual(world.shares, [COARSEST])
})

test('what was slow starts coarse the next time, and is tried in full again later', () => {
  const { world, coarse, pass } = surface(128)
  coarse.moved()
  pass(REST_MS)
  world.ms = 30 // the coarse frames were quick
  coarse.moved()
  assert.equal(world.shares.length, 3)
  pass(TRUST_MS + REST_MS)
  coarse.moved()
  assert.equal(world.shares.length, 4)
  assert.equal(coarse.share, 1)
})
