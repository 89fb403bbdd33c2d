// The smooth surface in WebGL: the net's triangles, lit by their slope, in the colours of the columns, with a line at every step
// of the legend. Drawn twice, for the depth and for the colour: a translucent hill must not shine through the one before it.

import type { Layer as DeckLayer, LayerProps } from '@deck.gl/core'
import { linked, uniforms } from '../layers/program'
import { rgb, SCALES, type ScaleName, THEME } from '../palette'
import type { Surface } from './surface'

export type SmoothProps = {
  surface: Surface
  /** Height of the largest value, metres. */
  height: number
  scale: ScaleName
  /** Values are differences. */
  compared: boolean
  /** Cell under the pointer, "" for none. */
  hover: string
  /** Where the light comes from, as a direction on the ground [east, north]. */
  light: [number, number]
  version: number
}

const VERTEX = `#version 300 es
precision highp float;
in vec2 aPlace;
in vec3 aShare;
uniform mat4 uMatrix;
uniform float uHeight;
out vec3 vShare;
out vec2 vPlace;
void main() {
  vShare = aShare;
  vPlace = aPlace;
  gl_Position = uMatrix * vec4(aPlace, uHeight * max(aShare.x, 0.0), 1.0);
}`

const FRAGMENT = `#version 300 es
precision highp float;
in vec3 vShare;
in vec2 vPlace;
uniform float uHeight;
uniform bool uCompared;
uniform vec3 uRamp[9];
uniform vec2 uLight;
uniform vec3 uSpot;
uniform vec3 uMark;
out vec4 color;
vec3 ramp(float t) {
  float at = clamp(t, 0.0, 1.0) * 8.0;
  int low = int(min(floor(at), 7.0));
  return mix(uRamp[low], uRamp[low + 1], at - float(low));
}
void main() {
  float t = min(abs(vShare.x), 1.0);
  float root = sqrt(t);
  bool fell = vShare.x < 0.0;
  vec3 c = ramp(uCompared ? 0.5 + (fell ? -1.0 : 1.0) * (0.04 + 0.46 * root) : 0.2 + 0.8 * root);
  float alpha = uCompared ? mix(0.14, 0.94, min(1.0, root * 1.8)) : mix(0.34, 0.94, min(1.0, root * 2.2));
  // What is flat has the light of the legend; what lies fell is not tilted.
  vec2 slope = fell ? vec2(0.0) : vShare.yz * uHeight;
  vec3 normal = normalize(vec3(-slope, 1.0));
  vec3 sun = normalize(vec3(uLight, 1.1));
  c *= 1.1 * clamp(1.0 + 0.75 * (dot(normal, sun) - sun.z), 0.45, 1.3);
  // A line at each step of the legend, as wide as a pixel or two.
  float step = root * (uCompared ? 4.0 : 8.0);
  float width = max(fwidth(step), 1e-4);
  float line = step < 0.5 ? 0.0 : 1.0 - smoothstep(0.4, 1.4, abs(fract(step - 0.5) - 0.5) / width);
  c = mix(c, uMark, 0.3 * line * (1.0 - smoothstep(0.25, 0.6, width)));
  // Runs out below what the legend's first step tells apart.
  alpha *= smoothstep(0.02, 0.125, root);
  float far = distance(vPlace, uSpot.xy);
  if (uSpot.z > 0.0) {
    float ring = 1.0 - smoothstep(0.8, 2.0, abs(far - uSpot.z) / max(fwidth(far), 1e-9));
    c = mix(c, uMark, 0.9 * ring);
    alpha = max(alpha, ring);
  }
  if (alpha < 0.01) discard;
  color = vec4(min(c, vec3(1.0)), 1.0) * alpha;
}`

const UNIFORMS = ['uMatrix', 'uHeight', 'uCompared', 'uRamp', 'uLight', 'uSpot', 'uMark']

type Gl = {
  gl: WebGL2RenderingContext
  program: WebGLProgram
  vao: WebGLVertexArrayObject
  places: WebGLBuffer
  shares: WebGLBuffer
  indices: WebGLBuffer
  at: Record<string, WebGLUniformLocation | null>
  generation: number
  version: number
  count: number
}

/** The layer's class, on the page's own deck.gl: this script brings none. */
export function layerOn(Layer: typeof DeckLayer) {
  return class SmoothLayer extends Layer<SmoothProps & LayerProps> {
    static override layerName = 'SmoothLayer'
    static override defaultProps = {
      surface: { type: 'object', value: null, ignore: true },
      height: 1000,
      scale: 'viridis',
      compared: false,
      hover: '',
      light: { type: 'array', value: [-0.75, 0.55], compare: true },
      version: 0,
    } as never

    override initializeState(): void {
      const gl = (this.context.device as unknown as { gl: WebGL2RenderingContext }).gl
      const program = linked(gl, VERTEX, FRAGMENT, 'smooth layer')
      const [places, shares, indices] = [gl.createBuffer()!, gl.createBuffer()!, gl.createBuffer()!]
      const vao = gl.createVertexArray()!
      gl.bindVertexArray(vao)
      for (const [name, buffer, size] of [['aPlace', places, 2], ['aShare', shares, 3]] as const) {
        const at = gl.getAttribLocation(program, name)
        gl.bindBuffer(gl.ARRAY_BUFFER, buffer)
        gl.enableVertexAttribArray(at)
        gl.vertexAttribPointer(at, size, gl.FLOAT, false, 0, 0)
      }
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, indices)
      gl.bindVertexArray(null)
      gl.bindBuffer(gl.ARRAY_BUFFER, null)
      const at = uniforms(gl, program, UNIFORMS)
      const made: Gl = { gl, program, vao, places, shares, indices, at, generation: -1, version: -1, count: 0 }
      this.setState({ made })
    }

    override finalizeState(context: Parameters<DeckLayer['finalizeState']>[0]): void {
      super.finalizeState(context)
      const made = this.state?.made as Gl | undefined
      if (!made) return
      made.gl.deleteProgram(made.program)
      made.gl.deleteVertexArray(made.vao)
      for (const buffer of [made.places, made.shares, made.indices]) made.gl.deleteBuffer(buffer)
    }

    override draw(): void {
      const made = this.state.made as Gl
      const { gl, at } = made
      const { surface, height, scale, compared, hover, light } = this.props
      const { net } = surface
      if (!net) return
      gl.bindVertexArray(made.vao)
      this.upload(made)
      gl.useProgram(made.program)
      gl.uniformMatrix4fv(at.uMatrix!, false, this.matrix(net.anchor))
      gl.uniform1f(at.uHeight!, height * this.context.viewport.distanceScales.unitsPerMeter[2]!)
      gl.uniform1i(at.uCompared!, Number(compared))
      gl.uniform3fv(at.uRamp!, SCALES[compared ? 'difference' : scale].flatMap((hex) => rgb(hex).map((c) => c / 255)))
      gl.uniform2fv(at.uLight!, light)
      gl.uniform3fv(at.uMark!, rgb(THEME.selected).map((c) => c / 255))
      gl.uniform3fv(at.uSpot!, (hover && surface.spot(hover)) || [0, 0, 0])
      gl.enable(gl.DEPTH_TEST)
      gl.depthFunc(gl.LEQUAL)
      gl.depthMask(true)
      gl.disable(gl.CULL_FACE)
      gl.enable(gl.BLEND)
      gl.blendFuncSeparate(gl.ONE, gl.ONE_MINUS_SRC_ALPHA, gl.ONE, gl.ONE_MINUS_SRC_ALPHA)
      for (const coloured of [false, true]) {
        gl.colorMask(coloured, coloured, coloured, coloured)
        gl.drawElements(gl.TRIANGLES, made.count, gl.UNSIGNED_INT, 0)
      }
      gl.blendFuncSeparate(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA, gl.ONE, gl.ONE_MINUS_SRC_ALPHA)
      gl.bindVertexArray(null)
      // Names and symbols come after this layer and are not hidden by hills.
      gl.clear(gl.DEPTH_BUFFER_BIT)
    }

    upload(made: Gl): void {
      const { gl } = made
      const { surface } = this.props
      if (made.generation !== surface.generation) {
        gl.bindBuffer(gl.ARRAY_BUFFER, made.places)
        gl.bufferData(gl.ARRAY_BUFFER, surface.net!.places, gl.STATIC_DRAW)
        gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, surface.net!.triangles, gl.STATIC_DRAW)
        made.count = surface.net!.triangles.length
      }
      if (made.generation !== surface.generation || made.version !== surface.version) {
        gl.bindBuffer(gl.ARRAY_BUFFER, made.shares)
        gl.bufferData(gl.ARRAY_BUFFER, surface.shares, gl.DYNAMIC_DRAW)
        gl.bindBuffer(gl.ARRAY_BUFFER, null)
      }
      made.generation = surface.generation
      made.version = surface.version
    }

    // As of the columns: multiplied in float64, so that close views stay exact far from the anchor.
    matrix([x, y]: [number, number]): Float32Array {
      const m = this.context.viewport.viewProjectionMatrix
      return Float32Array.from(m, (value, i) => (i < 12 ? value : m[i - 12]! * x + m[i - 8]! * y + m[i]!))
    }
  }
}
