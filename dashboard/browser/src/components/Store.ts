// Dash component without a picture: a value that callbacks hand to each other.

export function Store(): null {
  return null
}
