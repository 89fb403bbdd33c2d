// A WebGL program of a layer of ours, from its two shaders.

function shader(gl: WebGL2RenderingContext, type: number, source: string, of: string): WebGLShader {
  const made = gl.createShader(type)!
  gl.shaderSource(made, source)
  gl.compileShader(made)
  if (!gl.getShaderParameter(made, gl.COMPILE_STATUS) && !gl.isContextLost()) throw new Error(`${of}: ${gl.getShaderInfoLog(made)}`)
  return made
}

/** `of` is the layer's name in an error. Throws where the shaders are wrong, not where the context is lost. */
export function linked(gl: WebGL2RenderingContext, vertex: string, fragment: string, of: string): WebGLProgram {
  const program = gl.createProgram()!
  for (const made of [shader(gl, gl.VERTEX_SHADER, vertex, of), shader(gl, gl.FRAGMENT_SHADER, fragment, of)]) {
    gl.attachShader(program, made)
    gl.deleteShader(made) // with the program it is attached to
  }
  gl.linkProgram(program)
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) throw new Error(`${of}: ${gl.getProgramInfoLog(program)}`)
  return program
}

/** Where a program's uniforms are, by their names. */
export function uniforms(gl: WebGL2RenderingContext, program: WebGLProgram, names: readonly string[]): Record<string, WebGLUniformLocation | null> {
  return Object.fromEntries(names.map((name) => [name, gl.getUniformLocation(program, name)]))
}
