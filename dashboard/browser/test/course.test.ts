import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Course, MOST_UNTOLD, type Standing } from '../src/course'

const standing = (state: Standing['state'], since = 0): Standing => ({ state, since, store: 'ok', connected: state !== 'stale' })

test('an error that a good frame followed at once is told before it is taken back', () => {
  const course = new Course(standing('live'))
  course.failed('frame: header is not JSON')
  course.worked()
  assert.equal(course.more, true)
  assert.equal(course.next(true).error, 'frame: header is not JSON')
  assert.equal(course.more, true)
  assert.equal(course.next(true).error, null)
  assert.equal(course.more, false)
})

test('an error without a good frame after it stays, and asks for no more words', () => {
  const course = new Course(standing('live'))
  course.worked()
  course.failed('no')
  assert.equal(course.next(true).error, 'no')
  assert.equal(course.more, false)
  assert.equal(course.next(true).error, 'no')
  course.worked()
  assert.equal(course.more, true)
  assert.equal(course.next(true).error, null)
})

test('a second error is told though the first one was', () => {
  const course = new Course(standing('live'))
  course.failed('one')
  course.next(true)
  course.worked()
  course.failed('two')
  course.worked()
  assert.equal(course.next(true).error, 'two')
  assert.equal(course.next(true).error, null)
})

test('a break that healed at once is told, and then that it healed', () => {
  const course = new Course(standing('live'))
  course.went(standing('stale', 1))
  course.went(standing('live', 2))
  assert.deepEqual([course.next(true).state, course.more], ['stale', true])
  assert.deepEqual([course.next(true).state, course.more], ['live', false])
  assert.equal(course.next(true).state, 'live')
})

test('what came to nothing in between is left out, and the newest is always told', () => {
  const course = new Course(standing('live'))
  for (let i = 0; i < 100; i++) course.went(standing(i % 2 ? 'live' : 'stale', i))
  const told = [course.next(true), course.next(true)]
  assert.deepEqual(told.map((s) => [s.state, s.since]), [['stale', 98], ['live', 99]])
  assert.equal(course.more, false)
  for (let i = 0; i < 100; i++) course.went({ ...standing('stale', i), store: i % 2 ? 'ok' : 'away' })
  let n = 0
  let last: Standing | null = null
  for (; n === 0 || course.more; n++) last = course.next(true)
  assert.deepEqual([n, last!.since], [MOST_UNTOLD, 99])
})

test('a connection that began and stood is told as it stands', () => {
  const course = new Course(standing('connecting'))
  course.went(standing('live', 5))
  assert.deepEqual([course.next(true).state, course.more], ['live', false])
})

test('a socket that opened again is said, whatever the state that was told before', () => {
  const course = new Course(standing('live'))
  course.went(standing('stale'))
  assert.equal(course.next(false).connected, false)
  assert.equal(course.next(true).connected, true)
})
