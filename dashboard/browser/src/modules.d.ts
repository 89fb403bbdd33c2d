declare module 'maplibre-worker' {
  const text: string
  export default text
}
declare module '*.css'
