// Extruded H3 cells: one small index buffer, gl_VertexID -> cell and corner, corners and values in textures, colours in the
// shader. No attributes, so a changed value costs one texel.

import { Layer, type LayerProps } from '@deck.gl/core'
import { colourAt, rgb, SCALES, type ScaleName, THEME, themeName, upon } from '../palette'
import { type HeatModel, ROW } from './heat-model'
import { linked, uniforms } from './program'

/** Cells in one draw call: 12 vertices each, so that 16-bit indices reach all of them. */
const BLOCK = 16 * ROW

export type HeatProps = {
  model: HeatModel
  /** Height of the largest value, metres. */
  height: number
  scale: ScaleName
  /** Where the light comes from, a direction on the ground [east, north]. */
  light: [number, number]
  /** Row under the pointer, -1 for none. */
  hover: number
  /** Any value that changes when the model does; deck.gl redraws when a prop changes. */
  version: number
}

const VERTEX = `#version 300 es
precision highp float;
precision highp sampler2D;
uniform sampler2D uCorners;
uniform sampler2D uValues;
uniform mat4 uMatrix;
uniform int uBase;
uniform int uHover;
uniform float uTime;
uniform float uTransition;
uniform float uMax;
uniform float uHeight;
uniform bool uCompared;
uniform vec2 uLight;
uniform vec3 uRamp[9];
flat out vec4 vColor;
out float vUp;
vec3 ramp(float t) {
  float at = clamp(t, 0.0, 1.0) * 8.0;
  int low = int(min(floor(at), 7.0));
  return mix(uRamp[low], uRamp[low + 1], at - float(low));
}
void main() {
  int cell = uBase + gl_VertexID / 12;
  int k = gl_VertexID % 12;
  bool top = k < 6;
  int corner = top ? k : k - 6;
  ivec2 at = ivec2((cell & 255) * 6, cell >> 8);
  vec4 v = texelFetch(uValues, ivec2(cell & 255, cell >> 8), 0);
  float a = uTransition > 0.0 ? clamp((uTime - v.z) / uTransition, 0.0, 1.0) : 1.0;
  float value = mix(v.x, v.y, a * a * (3.0 - 2.0 * a));
  if (value == 0.0) { gl_Position = vec4(2.0, 2.0, 2.0, 1.0); vColor = vec4(0.0); vUp = 0.0; return; }
  float t = clamp(abs(value) / uMax, 0.0, 1.0);
  bool fell = value < 0.0;
  vec2 here = texelFetch(uCorners, at + ivec2(corner, 0), 0).xy;
  float shade = 1.0;
  if (!top) {
    vec2 next = texelFetch(uCorners, at + ivec2(corner == 5 ? 0 : corner + 1, 0), 0).xy;
    vec2 along = normalize(next - here + vec2(1e-9, 0.0));
    shade = 0.62 + 0.30 * dot(vec2(along.y, -along.x), uLight);
  }
  float root = sqrt(t);
  vec3 color = ramp(uCompared ? 0.5 + (fell ? -1.0 : 1.0) * (0.04 + 0.46 * root) : 0.2 + 0.8 * root) * shade;
  if (cell == uHover) color = mix(color, vec3(1.0), 0.45);
  vColor = vec4(color, uCompared ? mix(0.14, 0.94, min(1.0, root * 1.8)) : mix(0.34, 0.94, min(1.0, root * 2.2)));
  vUp = top ? 1.0 : 0.0;
  gl_Position = uMatrix * vec4(here, top ? uHeight * (fell ? 0.02 : pow(t, uCompared ? 1.0 : 0.7)) : 0.0, 1.0);
}`

const FRAGMENT = `#version 300 es
precision mediump float;
flat in vec4 vColor;
in float vUp;
uniform float uFoot;
out vec4 color;
void main() {
  // Darker at the foot: neighbouring columns separate, and their heads seem to glow.
  float light = uFoot + (0.88 - uFoot) * vUp + 0.22 * smoothstep(0.86, 1.0, vUp);
  color = vec4(vColor.rgb * light, 1.0) * vColor.a;
}`

type Gl = {
  gl: WebGL2RenderingContext
  program: WebGLProgram
  vao: WebGLVertexArrayObject
  indices: WebGLBuffer
  corners: WebGLTexture
  values: WebGLTexture
  at: Record<string, WebGLUniformLocation | null>
  generation: number
  matrix: Float32Array
  ramp: Float32Array
  rampOf: string
}

/** Height of a share t of the largest value, as a share of the tallest: bent like the colours, less strongly; that of a
 * difference is straight, so that chance does not make a forest. The shader does the same. */
export function heightAt(t: number, compared = false): number {
  return compared ? t : t ** 0.7
}

/** Place on the colour scale of a share t of the largest value: the root spreads the many small ones, the very dark end is left out. */
export function rampAt(t: number): number {
  return 0.2 + 0.8 * Math.sqrt(t)
}

/** Shares at which a legend shows the scale: even steps along it, as the root spreads it. */
export const LEGEND_STOPS = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((k) => (k / 8) ** 2)

/** Light on the foot of a column: on light ground a darker one than this makes the flat ones the heaviest. */
const FOOT_LIGHT = { dark: 0.36, light: 0.6 }

/** Light on the top of a column, as the shader adds it up. */
export const TOP_LIGHT = 1.1

/** Colour of the top of a column of share t as it is seen: the shader's colour and opacity over the land. */
export function drawnColour(scale: ScaleName, t: number, land = THEME.land): string {
  const alpha = 0.34 + 0.6 * Math.min(1, Math.sqrt(t) * 2.2)
  const [r, g, b] = rgb(colourAt(scale, rampAt(t)))
  return upon([r * TOP_LIGHT, g * TOP_LIGHT, b * TOP_LIGHT], alpha, rgb(land))
}

/** Index pattern of `cells` prisms. The last vertex of a triangle gives its flat colour: a side takes that of its foot. */
export function prismIndices(cells: number): Uint16Array {
  const out = new Uint16Array(cells * 48)
  let o = 0
  for (let c = 0; c < cells; c++) {
    const v = c * 12
    for (let k = 1; k < 5; k++) {
      out[o++] = v
      out[o++] = v + k
      out[o++] = v + k + 1
    }
    for (let k = 0; k < 6; k++) {
      const next = (k + 1) % 6
      out[o++] = v + 6 + next
      out[o++] = v + next
      out[o++] = v + 6 + k
      out[o++] = v + next
      out[o++] = v + k
      out[o++] = v + 6 + k
    }
  }
  return out
}

function texture(gl: WebGL2RenderingContext): WebGLTexture {
  const made = gl.createTexture()!
  gl.bindTexture(gl.TEXTURE_2D, made)
  for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.NEAREST)
  for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE)
  return made
}

const UNIFORMS = ['uCorners', 'uValues', 'uMatrix', 'uBase', 'uHover', 'uTime', 'uTransition', 'uMax', 'uHeight', 'uCompared', 'uLight', 'uFoot', 'uRamp']

export class HeatLayer extends Layer<HeatProps & LayerProps> {
  static override layerName = 'HeatLayer'
  // deck.gl compares props shallowly; these are plain values and one model that never changes identity.
  static override defaultProps = {
    model: { type: 'object', value: null, ignore: true },
    height: 1000,
    scale: 'cividis',
    light: { type: 'array', value: [-0.8, -0.6], compare: true },
    hover: -1,
    version: 0,
  } as never

  override initializeState(): void {
    const gl = (this.context.device as unknown as { gl: WebGL2RenderingContext }).gl
    const program = linked(gl, VERTEX, FRAGMENT, 'heat layer')
    const vao = gl.createVertexArray()!
    const indices = gl.createBuffer()!
    gl.bindVertexArray(vao)
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, indices)
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, prismIndices(BLOCK), gl.STATIC_DRAW)
    gl.bindVertexArray(null)
    const made: Gl = {
      gl,
      program,
      vao,
      indices,
      corners: texture(gl),
      values: texture(gl),
      at: uniforms(gl, program, UNIFORMS),
      generation: -1,
      matrix: new Float32Array(16),
      ramp: new Float32Array(27),
      rampOf: '',
    }
    gl.bindTexture(gl.TEXTURE_2D, null)
    this.setState({ made })
  }

  override finalizeState(context: Parameters<Layer['finalizeState']>[0]): void {
    super.finalizeState(context)
    const made = this.state?.made as Gl | undefined
    if (!made) return
    made.gl.deleteProgram(made.program)
    made.gl.deleteVertexArray(made.vao)
    made.gl.deleteBuffer(made.indices)
    made.gl.deleteTexture(made.corners)
    made.gl.deleteTexture(made.values)
  }

  override draw(): void {
    const made = this.state.made as Gl
    const { gl, at } = made
    const { model, height, hover } = this.props
    if (!model?.n) return
    const now = performance.now()
    gl.activeTexture(gl.TEXTURE1)
    gl.bindTexture(gl.TEXTURE_2D, made.values)
    gl.activeTexture(gl.TEXTURE0)
    gl.bindTexture(gl.TEXTURE_2D, made.corners)
    this.upload(made)

    gl.useProgram(made.program)
    gl.bindVertexArray(made.vao)
    gl.uniform1i(at.uCorners!, 0)
    gl.uniform1i(at.uValues!, 1)
    gl.uniformMatrix4fv(at.uMatrix!, false, this.matrix(made.matrix))
    gl.uniform1i(at.uHover!, hover)
    gl.uniform1f(at.uTime!, model.clock(now))
    gl.uniform1f(at.uTransition!, model.transition)
    gl.uniform1f(at.uMax!, model.max)
    gl.uniform1f(at.uHeight!, height * this.context.viewport.distanceScales.unitsPerMeter[2]!)
    gl.uniform1i(at.uCompared!, Number(model.compared))
    gl.uniform2fv(at.uLight!, this.props.light)
    gl.uniform1f(at.uFoot!, FOOT_LIGHT[themeName()])
    gl.uniform3fv(at.uRamp!, this.ramp(made))
    gl.enable(gl.DEPTH_TEST)
    gl.depthFunc(gl.LEQUAL)
    gl.depthMask(true)
    gl.enable(gl.CULL_FACE)
    gl.cullFace(gl.BACK)
    gl.frontFace(gl.CCW)
    gl.enable(gl.BLEND)
    gl.blendFuncSeparate(gl.ONE, gl.ONE_MINUS_SRC_ALPHA, gl.ONE, gl.ONE_MINUS_SRC_ALPHA)
    for (let base = 0; base < model.n; base += BLOCK) {
      gl.uniform1i(at.uBase!, base)
      gl.drawElements(gl.TRIANGLES, Math.min(BLOCK, model.n - base) * 48, gl.UNSIGNED_SHORT, 0)
    }
    gl.disable(gl.CULL_FACE)
    gl.blendFuncSeparate(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA, gl.ONE, gl.ONE_MINUS_SRC_ALPHA)
    gl.bindVertexArray(null)
    // Names and symbols come after this layer and are not hidden by columns.
    gl.clear(gl.DEPTH_BUFFER_BIT)
    if (now < model.busyUntil) this.setNeedsRedraw()
  }

  private upload(made: Gl): void {
    const { gl } = made
    const { model } = this.props
    const rows = model.values.length / (ROW * 4)
    // MapLibre leaves its own pixel-store settings behind; float textures must be taken as they are.
    gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false)
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false)
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 4)
    if (made.generation !== model.generation) {
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RG32F, ROW * 6, rows, 0, gl.RG, gl.FLOAT, model.corners)
      gl.activeTexture(gl.TEXTURE1)
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA32F, ROW, rows, 0, gl.RGBA, gl.FLOAT, model.values)
      made.generation = model.generation
      model.takeDirty()
    } else {
      gl.activeTexture(gl.TEXTURE1)
      for (const [first, count] of model.takeDirty()) {
        gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, first, ROW, count, gl.RGBA, gl.FLOAT, model.values, first * ROW * 4)
      }
    }
    gl.activeTexture(gl.TEXTURE0)
  }

  // view-projection x translation to the anchor, multiplied in float64: close views stay exact far from the anchor.
  private matrix(out: Float32Array): Float32Array {
    const m = this.context.viewport.viewProjectionMatrix
    const [x, y] = this.props.model.anchor
    for (let i = 0; i < 12; i++) out[i] = m[i]!
    for (let i = 0; i < 4; i++) out[12 + i] = m[i]! * x + m[4 + i]! * y + m[12 + i]!
    return out
  }

  private ramp(made: Gl): Float32Array {
    const scale = this.props.model.compared ? 'difference' : this.props.scale
    const of = `${scale} ${themeName()}`
    if (made.rampOf !== of) {
      made.rampOf = of
      SCALES[scale].forEach((hex, i) => made.ramp.set(rgb(hex).map((c) => c / 255), i * 3))
    }
    return made.ramp
  }
}
