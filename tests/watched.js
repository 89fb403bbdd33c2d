// Runs in a page before any of its own: `watched.gpu()` counts what lives on the graphics card, `watched.setClock(ms)` sets the
// screen's clock by so many milliseconds against the true one, as a person or a time server would.
(() => {
  const real = Date.now.bind(Date)
  const Dated = Date
  let shift = 0
  Date.now = () => real() + shift
  window.Date = new Proxy(Dated, {
    apply: (made) => new made(Date.now()).toString(),
    construct: (made, given, as) => Reflect.construct(made, given.length ? given : [Date.now()], as),
  })

  // --- what lives in WebGL contexts: of MapLibre and of deck.gl alike, because both make it here ---------------------------
  // A record for each object, held apart from the object: what a page drops without deleting it is freed with it.
  const alive = new Set()
  const records = new WeakMap()
  const freed = new FinalizationRegistry((record) => alive.delete(record))
  const contexts = new WeakMap()
  const KINDS = ['Buffer', 'Texture', 'Renderbuffer', 'Framebuffer', 'VertexArray', 'Program']
  const BINDING = {
    34962: 34964, 34963: 34965, 36662: 36662, 36663: 36663, 35051: 35053, 35052: 35055, 35982: 35983, 35345: 35368,
    3553: 32873, 34067: 34068, 32879: 32874, 35866: 35869, 36161: 36007,
  }
  /** Bytes of a pixel where they are not four. */
  const PIXEL = {
    33321: 1, 36756: 1, 33330: 1, 33329: 1, 6403: 1, 6409: 1, 6406: 1, // R8, R8_SNORM, R8UI, R8I, RED, LUMINANCE, ALPHA
    33323: 2, 33325: 2, 33332: 2, 33331: 2, 33189: 2, 36194: 2, 32854: 2, 32855: 2, 6410: 2, 36168: 1, // RG8, R16F, …, DEPTH16, 565, 4444, 5551
    6407: 3, 32849: 3, 34843: 6, 34842: 8, 36226: 8, 33328: 8, 34837: 12, 34836: 16, 36208: 16, 36214: 16, 36013: 8, // RGB8, RGBA16F, RG32F, RGBA32F, …
  }
  const pixel = (format) => PIXEL[format] ?? 4
  const bound = (gl, target) => {
    const face = target >= 34069 && target <= 34074
    const object = gl.getParameter(BINDING[face ? 34067 : target])
    return object && records.get(object)
  }
  const size = (gl, target, part, bytes) => {
    const record = bound(gl, target)
    if (!record) return
    record.bytes += bytes - (record.parts.get(part) ?? 0)
    record.parts.set(part, bytes)
  }
  const after = (name, note) => {
    const own = WebGL2RenderingContext.prototype[name]
    WebGL2RenderingContext.prototype[name] = function (...given) {
      const made = own.apply(this, given)
      note(this, given, made)
      return made
    }
  }
  for (const kind of KINDS) {
    after(`create${kind}`, (gl, _, object) => {
      if (!object) return
      const record = { kind, bytes: 0, parts: new Map(), context: contexts.get(gl) }
      records.set(object, record)
      alive.add(record)
      freed.register(object, record)
    })
    after(`delete${kind}`, (_gl, [object]) => object && alive.delete(records.get(object)))
  }
  after('bufferData', (gl, [target, data, , from, length]) => {
    const unit = data?.BYTES_PER_ELEMENT ?? 1
    size(gl, target, 0, typeof data === 'number' ? data : length ? length * unit : (data?.byteLength ?? 0) - (from ?? 0) * unit)
  })
  after('texImage2D', (gl, given) => {
    const [target, level, format] = given
    const source = given.length < 9 ? given[5] : null
    const wide = source ? source.videoWidth ?? source.naturalWidth ?? source.width : given[3]
    const high = source ? source.videoHeight ?? source.naturalHeight ?? source.height : given[4]
    size(gl, target, `${target}:${level}`, wide * high * pixel(format))
  })
  after('texImage3D', (gl, [target, level, format, wide, high, deep]) => size(gl, target, `${target}:${level}`, wide * high * deep * pixel(format)))
  const stored = (gl, target, levels, format, wide, high, deep) => {
    let bytes = 0
    for (let level = 0; level < levels; level++) bytes += Math.max(1, wide >> level) * Math.max(1, high >> level) * deep * pixel(format)
    size(gl, target, 'all', target === 34067 ? bytes * 6 : bytes)
  }
  after('texStorage2D', (gl, [target, levels, format, wide, high]) => stored(gl, target, levels, format, wide, high, 1))
  after('texStorage3D', (gl, [target, levels, format, wide, high, deep]) => stored(gl, target, levels, format, wide, high, deep))
  after('generateMipmap', (gl, [target]) => {
    const record = bound(gl, target)
    if (record && !record.parts.has('all') && !record.parts.has('mips')) size(gl, target, 'mips', Math.round(record.bytes / 3))
  })
  after('renderbufferStorage', (gl, [target, format, wide, high]) => size(gl, target, 0, wide * high * pixel(format)))
  after('renderbufferStorageMultisample', (gl, [target, samples, format, wide, high]) => size(gl, target, 0, wide * high * pixel(format) * Math.max(1, samples)))

  const own = HTMLCanvasElement.prototype.getContext
  HTMLCanvasElement.prototype.getContext = function (...given) {
    const gl = own.apply(this, given)
    if (gl instanceof WebGL2RenderingContext && !contexts.has(gl)) {
      const context = Symbol('context')
      contexts.set(gl, context)
      // All that was in a context goes with it.
      this.addEventListener('webglcontextlost', () => alive.forEach((record) => record.context === context && alive.delete(record)))
    }
    return gl
  }

  let status = null
  addEventListener('gridcommand', ({ detail }) => (status = detail.status ?? status))

  window.watched = {
    /** When the newest frame that came was made, ms by the server's clock. */
    frameTime: () => status?.stamps.frame ?? 0,
    /** How many objects of each kind live, and the bytes of buffers, textures and renderbuffers; without the canvas itself. */
    gpu: () => {
      const found = { bytes: 0 }
      for (const kind of KINDS) found[kind] = 0
      for (const record of alive) {
        found[record.kind] += 1
        found.bytes += record.bytes
      }
      return found
    },
    /** The time that nobody set. */
    trueTime: real,
    setClock: (ms) => {
      shift = ms
    },
  }
})()
